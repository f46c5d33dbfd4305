//! Every write of every call, held at every attempt, and delivered after whatever may happen meanwhile.
//!
//! A call that was answered is over: what arrives of it later changes nothing that a reader sees, and no
//! record is ever without its file.

use std::time::Duration;

use http::Method;
use packages_api::formats::Ecosystem;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::contents::Contents;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::held::{Held, Seen};
use crate::support::invariants::assert_consistent;
use crate::support::log::assert_told_once;
use crate::support::side_by_side::run_all;
use crate::support::uploads::posted;

const SOURCE: &str = "more-gems";

/// A call that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Publish,
    PublishUpload,
    Copy,
    Delete,
}

/// Holder of the release when the call begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    Nobody,
    SameBytes,
    OtherBytes,
}

/// Events between the answer and the arrival.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    Deleted,
    DeletedAndPublished,
    DeletedAndOtherPublished,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    call: Call,
    holder: Holder,
    /// Metadata lies beside the file.
    large: bool,
    operation: &'static str,
    attempt: usize,
    seen: Seen,
    meanwhile: Meanwhile,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        use Holder::{Nobody, OtherBytes, SameBytes};
        const PUT: &str = "PutObject";
        const COPY: &str = "CopyObject";
        const RELEASE: &str = "TransactWriteItems";
        const REMEMBER: &str = "PutItem";
        const REMOVE: &str = "DeleteObject";
        let held: [(Call, Holder, bool, &[&str]); 13] = [
            (Call::Publish, Nobody, false, &[PUT, RELEASE]),
            (Call::Publish, SameBytes, false, &[PUT, RELEASE, REMOVE]),
            (Call::Publish, OtherBytes, false, &[PUT, RELEASE, REMOVE]),
            (Call::Publish, Nobody, true, &[PUT, RELEASE]),
            (Call::Publish, OtherBytes, true, &[PUT, RELEASE, REMOVE]),
            (Call::PublishUpload, Nobody, false, &[COPY, RELEASE]),
            (
                Call::PublishUpload,
                SameBytes,
                false,
                &[COPY, RELEASE, REMEMBER, REMOVE],
            ),
            (Call::PublishUpload, OtherBytes, false, &[COPY, RELEASE, REMOVE]),
            (Call::Copy, Nobody, false, &[COPY, RELEASE]),
            (Call::Copy, SameBytes, false, &[COPY, RELEASE, REMOVE]),
            (Call::Copy, OtherBytes, false, &[COPY, RELEASE, REMOVE]),
            (Call::Delete, SameBytes, false, &[RELEASE, REMOVE]),
            (Call::Delete, SameBytes, true, &[RELEASE, REMOVE]),
        ];
        let of_each = |(call, holder, large, operations): (_, _, _, &'static [&'static str])| {
            operations.iter().flat_map(move |operation| {
                let first = [(1, Seen::Disconnect), (2, Seen::Disconnect)];
                let hang = (*operation == RELEASE).then_some((1, Seen::Hang));
                let meanwhile = if *operation == RELEASE {
                    &Meanwhile::ALL[..]
                } else {
                    &[Meanwhile::Nothing, Meanwhile::DeletedAndPublished]
                };
                first.into_iter().chain(hang).flat_map(move |(attempt, seen)| {
                    meanwhile.iter().map(move |&meanwhile| Self {
                        call,
                        holder,
                        large,
                        operation,
                        attempt,
                        seen,
                        meanwhile,
                    })
                })
            })
        };
        held.into_iter().flat_map(of_each)
    }

    fn gem(self, summary: &str) -> File {
        let more = if self.large { 20_000 } else { 0 };
        Gem::banana()
            .summary(&format!("{summary}{}", "x".repeat(more)))
            .build()
    }

    async fn run(self) {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let fixture = Fixture::of(self, app).await;
        proxy.clear();
        let held = self.hold(&proxy);
        let answer = fixture.call().await;
        let expected = if self.call != Call::Delete && self.holder == Holder::OtherBytes {
            409
        } else {
            200
        };
        assert_eq!(answer.status, expected, "{self:?}: {}", answer.text());
        assert_told_once(&answer);
        held.taken().await;
        proxy.clear();

        fixture.let_happen(self.meanwhile).await;
        let before = fixture.app.contents().await;
        assert_consistent(&before);
        held.deliver().await;
        // Nobody waits for it any more, so nothing is told of it.
        assert_told_once(&answer);
        let after = fixture.app.contents().await;
        assert_consistent(&after);
        assert_eq!(visible(&after), visible(&before), "{self:?}");
        self.assert_nothing_was_removed(&after);

        // And the release is nobody's or a whole package's, as it was.
        let again = fixture.app.user.publish(&self.gem("A banana")).await;
        assert!([200, 409].contains(&again.status.as_u16()), "{}", again.text());
        let packages = assert_consistent(&fixture.app.contents().await);
        for id in packages.iter().filter(|id| **id != fixture.source) {
            assert_eq!(fixture.app.user.get(id).await.status, 200, "{self:?}");
            assert!(!fixture.app.user.download(id).await.is_empty());
        }
    }

    /// Holds one attempt of the operation, after others that have failed.
    fn hold(self, proxy: &FaultProxy) -> Held {
        let held = Held::new(self.seen);
        if self.attempt > 1 {
            proxy.inject(self.operation, Fault::Fail, self.attempt - 1);
        }
        proxy.inject(self.operation, Fault::Hold(held.clone()), 1);
        held
    }

    /// A refusal that came after an unanswered attempt has a fence, and its file is left alone.
    fn assert_nothing_was_removed(self, contents: &Contents) {
        let refused = self.call != Call::Delete && self.holder != Holder::Nobody;
        let fenced = refused && self.operation == "TransactWriteItems";
        assert_eq!(contents.fences().len(), usize::from(fenced), "{self:?}");
        if fenced {
            assert_eq!(contents.orphans().len(), 1 + usize::from(self.large), "{self:?}");
        }
    }
}

impl Meanwhile {
    const ALL: [Self; 4] = [
        Self::Nothing,
        Self::Deleted,
        Self::DeletedAndPublished,
        Self::DeletedAndOtherPublished,
    ];
}

/// Records that readers see of packages. Those of uploads are hints alone.
fn visible(contents: &Contents) -> Vec<(&(String, String), &crate::support::contents::Item)> {
    let mut visible = contents.readable();
    visible.retain(|((pk, _), _)| !pk.starts_with("uploads/"));
    visible
}

/// A registry as it is when the call begins.
struct Fixture {
    case: Case,
    app: TestApp,
    /// The package that a copy is made of.
    source: String,
    /// The package that holds the release.
    holder: String,
    /// The address of what was posted.
    url: String,
}

impl Fixture {
    async fn of(case: Case, app: TestApp) -> Self {
        app.create_registry(SOURCE, Ecosystem::Ruby).await;
        let gem = case.gem("A banana");
        let mut fixture = Self {
            case,
            source: String::new(),
            holder: String::new(),
            url: String::new(),
            app,
        };
        if case.call == Call::Copy {
            fixture.source = fixture.sources().publish(&gem).await.id();
        }
        if case.call == Call::PublishUpload {
            fixture.url = posted(&fixture.app, &gem).await.1;
        }
        let holder = match case.holder {
            Holder::Nobody => return fixture,
            Holder::SameBytes => gem,
            Holder::OtherBytes => case.gem("B banana"),
        };
        fixture.holder = fixture.app.user.publish(&holder).await.id();
        fixture
    }

    fn sources(&self) -> Client {
        self.app.user.at(ORGANIZATION, SOURCE)
    }

    async fn call(&self) -> Answer {
        let user = &self.app.user;
        match self.case.call {
            Call::Publish => user.publish(&self.case.gem("A banana")).await,
            Call::PublishUpload => user.publish_url(&self.url).await,
            Call::Copy => {
                let sources = self.sources();
                let path = format!("{}/{}/copy?to={REGISTRY}", sources.packages(), self.source);
                sources.call(Method::POST, &path).await
            }
            Call::Delete => user.delete(&self.holder).await,
        }
    }

    async fn let_happen(&self, meanwhile: Meanwhile) {
        let user = &self.app.user;
        if matches!(meanwhile, Meanwhile::Nothing) {
            return;
        }
        let list = user.call(Method::GET, &user.packages()).await.json();
        for item in list["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id");
            assert_eq!(user.delete(id).await.status, 200);
        }
        let summary = match meanwhile {
            Meanwhile::DeletedAndPublished => "A banana",
            Meanwhile::DeletedAndOtherPublished => "B banana",
            Meanwhile::Nothing | Meanwhile::Deleted => return,
        };
        user.publish(&self.case.gem(summary)).await.id();
    }
}

#[tokio::test]
async fn late_writes_change_nothing_that_was_answered() {
    run_all(Case::all().map(Case::run)).await;
}
