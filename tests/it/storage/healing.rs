//! Packages whose file or metadata is missing: a publish of the same bytes makes them whole again.

use std::time::Duration;

use http::Method;
use packages_api::formats::Ecosystem;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::fault::Fault;
use crate::support::fault_proxy::ALWAYS;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::uploads::{posted, put};

const SOURCE: &str = "more-gems";

/// A way to publish bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Road {
    File,
    Upload,
    /// Of an upload that became the package.
    UploadAgain,
    Copy,
}

/// A package with metadata beside its file, and all that is needed to publish it again.
struct Fixture {
    app: TestApp,
    gem: File,
    first: Answer,
    url: String,
    source: String,
}

impl Fixture {
    async fn of(road: Road, app: TestApp) -> Self {
        app.create_registry(SOURCE, Ecosystem::Ruby).await;
        let gem = Gem::banana().summary(&"x".repeat(20_000)).build();
        let source = app.user.at(ORGANIZATION, SOURCE).publish(&gem).await.id();
        let url = posted(&app, &gem).await.1;
        let first = if road == Road::UploadAgain {
            app.user.publish_url(&url).await
        } else {
            app.user.publish(&gem).await
        };
        Self {
            app,
            gem,
            first,
            url,
            source,
        }
    }

    fn key(&self, kind: &str) -> String {
        format!("{kind}/{ORGANIZATION}/{REGISTRY}/{}", self.first.id())
    }

    async fn lose(&self, kind: &str) {
        let s3 = aws_sdk_s3::Client::new(&self.app.stack.sdk_config());
        let delete = s3.delete_object().bucket(self.app.stack.bucket());
        let deleted = delete.key(self.key(kind)).send().await;
        deleted.expect("a writable bucket");
    }

    async fn publish(&self, road: Road) -> Answer {
        let user = &self.app.user;
        match road {
            Road::File => user.publish(&self.gem).await,
            Road::Upload | Road::UploadAgain => user.publish_url(&self.url).await,
            Road::Copy => {
                let sources = user.at(ORGANIZATION, SOURCE);
                let path = format!("{}/{}/copy?to={REGISTRY}", sources.packages(), self.source);
                sources.call(Method::POST, &path).await
            }
        }
    }

    async fn assert_consistent(&self) {
        let contents = self.app.contents().await;
        assert_eq!(assert_consistent(&contents).len(), 2);
        assert_eq!(contents.orphans(), [""; 0]);
        let (user, id) = (&self.app.user, self.first.id());
        assert_eq!(user.get(&id).await.text(), self.first.text());
        assert_eq!(user.download(&id).await, self.gem.bytes);
    }
}

#[tokio::test]
async fn same_bytes_put_back_what_is_missing() {
    for road in [Road::File, Road::Upload, Road::UploadAgain, Road::Copy] {
        let fixture = Fixture::of(road, TestApp::start().await).await;
        for missing in [&["packages"][..], &["metadata"], &["packages", "metadata"]] {
            for kind in missing {
                fixture.lose(kind).await;
            }
            let again = fixture.publish(road).await;
            assert_eq!(again.text(), fixture.first.text(), "{road:?} {missing:?}");
            fixture.assert_consistent().await;
        }
        // Cut off, or another file altogether.
        put(&fixture.app.stack, &fixture.key("packages"), b"damaged").await;
        let again = fixture.publish(road).await;
        assert_eq!(again.text(), fixture.first.text(), "{road:?}");
        fixture.assert_consistent().await;
    }
}

/// Other bytes heal nothing: they are not the package's.
#[tokio::test]
async fn other_bytes_are_refused_and_put_nothing_back() {
    let fixture = Fixture::of(Road::File, TestApp::start().await).await;
    fixture.lose("packages").await;
    let before = fixture.app.contents().await;
    let other = Gem::banana().summary("Another").build();
    fixture.app.user.publish(&other).await.assert_error(409);
    assert_eq!(fixture.app.contents().await, before);
}

/// S3 answers a 403 for a missing object to a role that may not list.
#[tokio::test]
async fn forbidden_reads_are_missing_files() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let fixture = Fixture::of(Road::File, app).await;
    fixture.lose("packages").await;
    proxy.inject("HeadObject", Fault::Refuse, ALWAYS);
    let again = fixture.publish(Road::File).await;
    assert_eq!(again.text(), fixture.first.text());
    fixture.assert_consistent().await;
}

/// No 200 before the file is back.
#[tokio::test]
async fn repeats_that_cannot_heal_fail() {
    for (operation, kind) in [("CopyObject", "packages"), ("GetObject", "metadata")] {
        for fault in [Fault::Fail, Fault::Disconnect, Fault::Throttle] {
            let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
            let fixture = Fixture::of(Road::File, app).await;
            fixture.lose(kind).await;
            proxy.inject(operation, fault.clone(), ALWAYS);
            let expected = if matches!(fault, Fault::Throttle) {
                429
            } else {
                503
            };
            fixture.publish(Road::File).await.assert_error(expected);
            proxy.clear();
            let again = fixture.publish(Road::File).await;
            assert_eq!(again.text(), fixture.first.text());
            assert_eq!(assert_consistent(&fixture.app.contents().await).len(), 2);
        }
    }
}
