//! Publishing from a disk, with every fault of the calls that no other publish makes.

use std::time::Duration;

use packages_api::packages::{Context, DiskFile, Published, publish_from_disk};
use packages_api::records::{Records, Registry};
use packages_api::{Actor, Error, Files};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::fault::Fault;
use crate::support::fault_case::FaultCase;
use crate::support::fault_proxy::FaultProxy;
use crate::support::invariants::assert_consistent;
use crate::support::side_by_side::run_at_once;

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

/// Every fault once, and one for good. None of those that hang: a part may take as long as a slow line needs.
fn cases() -> impl Iterator<Item = FaultCase> {
    let cases = FaultCase::all(&CALLS).filter(|case| !case.fault.outlasts_the_call());
    cases.filter(|case| case.times == 1 || matches!(case.fault, Fault::Fail))
}

async fn run(case: FaultCase) {
    let publisher = Publisher::start().await;
    case.inject(&publisher.proxy);
    let outcome = publisher.publish().await;
    let is_survived = !matches!(case.fault, Fault::Refuse | Fault::Garble) && case.times == 1;
    assert_eq!(outcome.is_ok(), is_survived, "{case:?}: {outcome:?}");
    publisher.proxy.clear();
    let packages = assert_consistent(&publisher.app.contents().await);
    let again = publisher.publish().await.expect("a package");
    assert_eq!(again.first_time, packages.is_empty(), "{case:?}");
    let id = again.package.id.to_string();
    assert_eq!(assert_consistent(&publisher.app.contents().await), [id]);
}

#[tokio::test]
async fn publishes_from_disk_survive_every_fault() {
    run_at_once(3, cases().map(run)).await;
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
