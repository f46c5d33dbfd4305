//! Tokens and audit events, with every fault at every call of AWS that they make.
//!
//! A call that is answered with a success has its change, and one event of it; one that is refused has neither; of an
//! unknown outcome both or neither.

use http::Method;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::contents::Contents;
use crate::support::fault_case::FaultCase;
use crate::support::log::assert_explained;
use crate::support::side_by_side::run_all;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Create,
    Describe,
    Delete,
    End,
    ListEvents,
    GetEvent,
}

/// The calls of AWS behind each scenario.
const SCENARIOS: [(Scenario, &[&str]); 6] = [
    (Scenario::Create, &["BatchGetItem", "Query", "TransactWriteItems"]),
    (Scenario::Describe, &["GetItem", "TransactWriteItems"]),
    (Scenario::Delete, &["TransactWriteItems"]),
    (Scenario::End, &["GetItem", "TransactWriteItems"]),
    (Scenario::ListEvents, &["Query"]),
    (Scenario::GetEvent, &["GetItem"]),
];

impl Scenario {
    async fn run(self, user: &Client, id: &str, event: &str) -> Answer {
        let token = format!("{}/{id}", user.tokens());
        let events = format!("/v2/organizations/{ORGANIZATION}/audit_events");
        match self {
            Self::Create => user.create_token("new").await,
            Self::Describe => {
                user.call_with(Method::PATCH, &token, &json!({ "description": "new" }))
                    .await
            }
            Self::Delete => user.call(Method::DELETE, &token).await,
            Self::End => user.call(Method::DELETE, "/v2/access-token").await,
            Self::ListEvents => user.call(Method::GET, &events).await,
            Self::GetEvent => user.call(Method::GET, &format!("{events}/{event}")).await,
        }
    }

    /// The action of the event that it leaves.
    fn action(self) -> Option<&'static str> {
        match self {
            Self::Create => Some("token.created"),
            Self::Describe => Some("token.updated"),
            Self::Delete | Self::End => Some("token.deleted"),
            Self::ListEvents | Self::GetEvent => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Case {
    scenario: Scenario,
    case: FaultCase,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        SCENARIOS.into_iter().flat_map(|(scenario, operations)| {
            FaultCase::all_of_one_call(operations).map(move |case| Self { scenario, case })
        })
    }

    fn expected(&self) -> u16 {
        let ok = if self.scenario == Scenario::End { 204 } else { 200 };
        self.case.expected_of_one_call(ok)
    }

    async fn run(self) {
        let (app, proxy) = TestApp::behind_proxy(self.case.request_timeout()).await;
        let made = app.user.patient().create_token("old").await;
        let id = made.id();
        let before = app.contents().await;
        let event = before.of_kind("audit").pop().expect("an event").0.to_owned();
        proxy.clear();
        self.case.inject(&proxy);
        let answer = self.scenario.run(&app.user, &id, &event).await;
        assert_eq!(answer.status, self.expected(), "{self:?}: {}", answer.text());
        if answer.status.as_u16() >= 400 {
            answer.assert_error(answer.status.as_u16());
        }
        assert_explained(&answer, self.case.operation);
        proxy.clear();
        self.assert_whole(&before, &app.contents().await, &answer);
    }

    /// The change and its event, both or neither.
    fn assert_whole(&self, before: &Contents, after: &Contents, answer: &Answer) {
        let events = after.of_kind("audit").len() - before.of_kind("audit").len();
        let changed = tokens(before) != tokens(after);
        assert_eq!(events, usize::from(changed), "{self:?}");
        match answer.status.as_u16() {
            200 | 204 => assert_eq!(changed, self.scenario.action().is_some(), "{self:?}"),
            503 => {}
            _ => assert!(!changed, "{self:?}"),
        }
        if let Some(action) = self.scenario.action().filter(|_| changed) {
            let newest = after.of_kind("audit").pop().expect("an event").1;
            assert_eq!(crate::support::contents::text(newest, "action"), action);
        }
        // Each token has its two records, and they are alike.
        let (by_secret, by_id) = tokens(after);
        assert_eq!(by_secret, by_id, "{self:?}");
    }
}

/// Ids and descriptions of the tokens, as their records by secret and by id have them.
fn tokens(contents: &Contents) -> (Vec<String>, Vec<String>) {
    let line = |item: &crate::support::contents::Item| format!("{:?} {:?}", item["id"], item["description"]);
    let mut by_secret: Vec<_> = contents
        .of_kind("token")
        .iter()
        .map(|(_, item)| line(item))
        .collect();
    by_secret.sort();
    let by_id = contents.of_kind("organization");
    let mut by_id: Vec<_> = by_id
        .iter()
        .filter(|(sk, _)| sk.starts_with("token/"))
        .map(|(_, item)| line(item))
        .collect();
    by_id.sort();
    (by_secret, by_id)
}

#[tokio::test]
async fn changes_of_tokens_survive_every_fault() {
    run_all(Case::all().map(Case::run)).await;
}
