//! Registries over REST, with every fault at every call of AWS that they make: an answer is the truth, and a
//! repeat converges.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::fault_case::FaultCase;
use crate::support::fault_proxy::ALWAYS;
use crate::support::side_by_side::run_all;

/// Change of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Create,
    /// The same request once more.
    CreateAgain,
    Update,
    Delete,
}

/// Calls of AWS behind each change.
const CHANGES: [(Change, &[&str]); 4] = [
    (Change::Create, &["BatchGetItem", "Query", "TransactWriteItems"]),
    (Change::CreateAgain, &["TransactWriteItems", "GetItem"]),
    (Change::Update, &["BatchGetItem", "TransactWriteItems"]),
    (Change::Delete, &["BatchGetItem", "TransactWriteItems"]),
];

/// One misfortune in one change.
#[derive(Debug, Clone)]
struct Case {
    change: Change,
    case: FaultCase,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        CHANGES.into_iter().flat_map(|(change, operations)| {
            FaultCase::all_of_one_call(operations).map(move |case| Self { change, case })
        })
    }

    /// Time for the call: little where nothing is ever answered.
    fn request_timeout(&self) -> Duration {
        match self.case.fault {
            Fault::Hang | Fault::ApplyAndHang => Duration::from_secs(4),
            _ if self.case.times == ALWAYS => Duration::from_secs(8),
            _ => Duration::from_secs(25),
        }
    }

    async fn run(self) {
        let (app, proxy) = TestApp::behind_proxy(self.request_timeout()).await;
        let user = app.user.at(&app.user.organization, "one").patient();
        if self.change != Change::Create {
            let created = send(&user, Change::Create).await;
            assert_eq!(created.status, 200, "{self:?}: {}", created.text());
        }
        let before = app.contents().await;
        self.case.inject(&proxy);
        let hurried = Client {
            patient: false,
            ..user.clone()
        };
        let answer = send(&hurried, self.change).await;
        proxy.clear();
        let status = answer.status.as_u16();
        match status {
            200 => {}
            // Definite: nothing was changed.
            429 | 500 => assert_eq!(app.contents().await.readable(), before.readable(), "{self:?}"),
            503 => assert_eq!(answer.header("retry-after"), Some("2"), "{self:?}"),
            _ => panic!("{self:?}: {status} {}", answer.text()),
        }
        let passes = self.case.times == 1
            && !matches!(self.case.fault, Fault::Refuse | Fault::Cancel("ValidationError"));
        assert!(status == 200 || !passes, "{self:?}: {status} {}", answer.text());
        self.assert_converges(&app, &user, &answer).await;
    }

    /// A repeat succeeds, and there is one registry or none.
    async fn assert_converges(&self, app: &TestApp, user: &Client, answer: &Answer) {
        let again = send(user, self.change).await;
        let got = user.call(Method::GET, &user.own_registry()).await;
        let organization = app.records.organization(&app.organization.slug).await;
        let counted = organization.expect("it is there").registries;
        if self.change == Change::Delete {
            let expected: &[u16] = if answer.status == 200 { &[404] } else { &[200, 404] };
            assert!(
                expected.contains(&again.status.as_u16()),
                "{self:?}: {}",
                again.text()
            );
            assert_eq!((got.status.as_u16(), counted), (404, 2), "{self:?}");
            assert_eq!(app.contents().await.of_kind("gone").len(), 1, "{self:?}");
            return;
        }
        assert_eq!(again.status, 200, "{self:?}: {}", again.text());
        assert_eq!((got.text(), counted), (again.text(), 3), "{self:?}");
        if answer.status == 200 {
            assert_eq!(again.text(), answer.text(), "{self:?}");
        }
    }
}

async fn send(user: &Client, change: Change) -> Answer {
    let created: Value = json!({ "name": "One", "ecosystem": "rubygems", "emoji": ":gem:" });
    match change {
        Change::Create | Change::CreateAgain => {
            user.call_with(Method::POST, &user.registries(), &created).await
        }
        Change::Update => {
            let body = json!({ "name": "Two", "emoji": null, "oidc_policy": "" });
            user.call_with(Method::PUT, &user.own_registry(), &body).await
        }
        Change::Delete => user.call(Method::DELETE, &user.own_registry()).await,
    }
}

async fn run(change: Change) {
    let cases = Case::all().filter(|case| case.change == change);
    run_all(cases.map(Case::run)).await;
}

#[tokio::test]
async fn creations_survive_every_fault() {
    run(Change::Create).await;
}

#[tokio::test]
async fn repeated_creations_survive_every_fault() {
    run(Change::CreateAgain).await;
}

#[tokio::test]
async fn updates_survive_every_fault() {
    run(Change::Update).await;
}

#[tokio::test]
async fn deletions_survive_every_fault() {
    run(Change::Delete).await;
}
