//! Publishing from a disk, with every fault of the calls that no other publish makes.

use std::time::Duration;

use packages_api::packages::{Context, DiskFile, Published, publish_from_disk};
use packages_api::records::{Records, Registry};
use packages_api::{Actor, Error, Files};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::fault::Fault;
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::invariants::assert_consistent;
use crate::support::side_by_side::run_all;

const CALLS: [&str; 3] = ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"];

/// A publisher behind the proxy, with a file of two parts.
struct Publisher {
    app: TestApp,
    proxy: FaultProxy,
    context: Context,
    registry: Registry,
    folder: TempDir,
}

impl Publisher {
    async fn start() -> Self {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let sdk = proxy.sdk_config(&app.stack);
        let records = Records::new(&sdk, app.stack.table());
        let address = format!("{ORGANIZATION}/{FILES}").parse().expect("an address");
        let registry = records.registry(&address).await.expect("a registry");
        let files = Files::new(&sdk, app.stack.bucket());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("large-1.0.0.bin"), vec![7; 8_500_000]).expect("a file");
        proxy.clear();
        Self {
            app,
            proxy,
            context: Context::new(records, files, Instant::now() + Duration::from_mins(1)),
            registry,
            folder,
        }
    }

    async fn publish(&self) -> Result<Published, Error> {
        let file = DiskFile::open(self.folder.path().join("large-1.0.0.bin")).await?;
        publish_from_disk(
            &self.context,
            &self.registry,
            &Actor::operator("ann"),
            &file,
            |_| {},
        )
        .await
    }
}

#[derive(Debug, Clone)]
struct Case {
    operation: &'static str,
    fault: Fault,
    times: usize,
}

impl Case {
    /// Every fault once, and one for good. None of those that hang: a part may take as long as a slow line needs.
    fn all() -> impl Iterator<Item = Self> {
        CALLS.into_iter().flat_map(|operation| {
            let garble = (operation == "UploadPart").then_some(Fault::Garble);
            let faults = Fault::all(operation).into_iter().chain(garble);
            let faults = faults.filter(|fault| !fault.outlasts_the_call());
            let once = faults.map(|fault| (fault, 1));
            once.chain([(Fault::Fail, ALWAYS)])
                .map(move |(fault, times)| Self {
                    operation,
                    fault,
                    times,
                })
        })
    }

    /// Whether the file is published all the same.
    fn is_survived(&self) -> bool {
        !matches!(self.fault, Fault::Refuse | Fault::Garble) && self.times == 1
    }

    async fn run(self) {
        let publisher = Publisher::start().await;
        publisher
            .proxy
            .inject(self.operation, self.fault.clone(), self.times);
        let outcome = publisher.publish().await;
        assert_eq!(outcome.is_ok(), self.is_survived(), "{self:?}: {outcome:?}");
        publisher.proxy.clear();
        let packages = assert_consistent(&publisher.app.contents().await);
        let again = publisher.publish().await.expect("a package");
        assert_eq!(again.first_time, packages.is_empty(), "{self:?}");
        let id = again.package.id.to_string();
        assert_eq!(assert_consistent(&publisher.app.contents().await), [id]);
    }
}

#[tokio::test]
async fn publishes_from_disk_survive_every_fault() {
    run_all(Case::all().map(Case::run)).await;
}

#[tokio::test]
async fn publishes_from_disk_cost_what_they_must() {
    let publisher = Publisher::start().await;
    let first = publisher.publish().await.expect("a package");
    let mut calls = publisher.proxy.calls();
    // The parts are sent side by side.
    assert!(first.first_time);
    calls.dedup();
    let expected = [
        "GetItem",
        "CreateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "CopyObject",
        "TransactWriteItems",
    ];
    assert_eq!(calls, expected);
    publisher.proxy.clear();
    let again = publisher.publish().await.expect("a package");
    assert_eq!((again.first_time, again.package), (false, first.package));
    assert_eq!(publisher.proxy.calls(), ["GetItem", "GetItem", "HeadObject"]);
}

/// Bytes that are lost from the bucket are sent again, and put back.
#[tokio::test]
async fn publishes_from_disk_heal_lost_files() {
    let publisher = Publisher::start().await;
    let first = publisher.publish().await.expect("a package");
    let client = aws_sdk_s3::Client::new(&publisher.app.stack.sdk_config());
    let key = format!("packages/{ORGANIZATION}/{FILES}/{}", first.package.id);
    let delete = client
        .delete_object()
        .bucket(publisher.app.stack.bucket())
        .key(key);
    delete.send().await.expect("a deletion");
    let again = publisher.publish().await.expect("a package");
    assert_eq!((again.first_time, again.package.id), (false, first.package.id));
    let id = first.package.id.to_string();
    assert_eq!(assert_consistent(&publisher.app.contents().await), [id]);
}
