//! Tags of npm's packages, with every fault at every call of AWS that changes one: no tag stands for nothing, nothing
//! is lost, and a repeat converges.

use http::Method;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault_case::FaultCase;
use crate::support::npm::{document, npm_user, tarball};
use crate::support::side_by_side::run_all;

/// Deed that writes a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// `npm dist-tag add fruit@1.0.0 stable`
    Set,
    /// `npm dist-tag rm fruit next`
    Remove,
    /// `npm publish --tag next` of 2.0.0, while `next` is 1.1.0.
    Publish,
}

/// Calls of AWS behind each deed.
const DEEDS: [(Deed, &[&str]); 3] = [
    (Deed::Set, &["Query", "BatchGetItem", "TransactWriteItems"]),
    (Deed::Remove, &["TransactWriteItems"]),
    (Deed::Publish, &["TransactWriteItems"]),
];

impl Deed {
    async fn run(self, user: &Client) -> Answer {
        let tag = |tag: &str| user.native(&format!("/npm/-/package/fruit/dist-tags/{tag}"));
        match self {
            Self::Set => user.call_with(Method::PUT, &tag("stable"), &json!("1.0.0")).await,
            Self::Remove => user.call(Method::DELETE, &tag("next")).await,
            Self::Publish => {
                let package = json!({"name": "fruit", "version": "2.0.0"});
                user.npm_put("fruit", &document(&package, "next", &tarball(&package)))
                    .await
            }
        }
    }

    /// Status of success.
    fn ok(self) -> u16 {
        if self == Self::Publish { 201 } else { 200 }
    }

    /// Tags before.
    fn before() -> Value {
        json!({"latest": "1.0.0", "next": "1.1.0"})
    }

    /// Tags afterwards.
    fn after(self) -> Value {
        match self {
            Self::Set => json!({"latest": "1.0.0", "next": "1.1.0", "stable": "1.0.0"}),
            Self::Remove => json!({"latest": "1.0.0"}),
            Self::Publish => json!({"latest": "1.0.0", "next": "2.0.0"}),
        }
    }
}

/// Tags of a document, all of which stand for a version that it has, and the number of its versions.
async fn shown(user: &Client) -> (Value, usize) {
    let document = user.npm_get("fruit").await.json();
    let versions = document["versions"].as_object().expect("versions");
    let tags = document["dist-tags"].clone();
    for version in tags.as_object().expect("tags").values() {
        let version = version.as_str().expect("a version");
        assert!(versions.contains_key(version), "{document}");
    }
    (tags, versions.len())
}

/// One misfortune in one deed.
#[derive(Debug, Clone)]
struct Case {
    deed: Deed,
    case: FaultCase,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        DEEDS.into_iter().flat_map(|(deed, operations)| {
            FaultCase::all_of_one_call(operations).map(move |case| Self { deed, case })
        })
    }

    async fn run(self) {
        let (app, proxy) = TestApp::behind_proxy(self.case.request_timeout()).await;
        let user = npm_user(&app).await;
        let patient = user.patient();
        patient.npm_release("fruit", "1.0.0", "latest").await;
        patient.npm_release("fruit", "1.1.0", "next").await;
        proxy.clear();
        self.case.inject(&proxy);
        let answer = self.deed.run(&user).await;
        let (status, ok) = (answer.status.as_u16(), self.deed.ok());
        let expected = self.case.expected_of_one_call(ok);
        assert_eq!(status, expected, "{self:?}: {}", answer.text());
        proxy.clear();
        let before = (Deed::before(), 2);
        let after = (self.deed.after(), if self.deed == Deed::Publish { 3 } else { 2 });
        let now = shown(&patient).await;
        match status {
            503 => assert!(now == before || now == after, "{self:?}: {now:?}"),
            status if status == ok => assert_eq!(now, after, "{self:?}"),
            _ => assert_eq!(now, before, "{self:?}"),
        }
        let again = self.deed.run(&patient).await;
        let is_gone = self.deed == Deed::Remove && now == after;
        let expected = if is_gone { 404 } else { ok };
        assert_eq!(again.status, expected, "{self:?}: {}", again.text());
        assert_eq!(shown(&patient).await, after, "{self:?}");
    }
}

#[tokio::test]
async fn tags_survive_every_fault() {
    run_all(Case::all().map(Case::run)).await;
}
