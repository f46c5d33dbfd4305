//! Publish, get and delete, with every fault at every call of AWS that they make.
//!
//! The cases are not written out: [`SCENARIOS`] names the calls that a request makes, [`Fault::all`] the faults of
//! each, and [`Case::expected`] the answer. After each case the invariants hold: what was answered is there,
//! complete and once; what failed is not there unless its outcome was unknown; and a repeat converges.

use insta::assert_snapshot;

use crate::api::attestations::bundle_of;
use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::fault_case::{ENOUGH, FaultCase, PATIENT, SHORT};
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::log::assert_explained;
use crate::support::side_by_side::run_all;

/// Deed of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Publish,
    /// The same bytes, which are published already.
    PublishAgain,
    /// Other bytes for a release that is taken.
    PublishOther,
    Get,
    Delete,
    /// Metadata that lies beside the file.
    PublishLarge,
    GetLarge,
    DeleteLarge,
    /// Attestations, which lie beside the file as well.
    PublishAttested,
    GetAttestations,
}

/// The calls of AWS behind each scenario, in their order. What a repeat has in common with a first
/// publish is told there.
const SCENARIOS: [(Scenario, &[&str]); 10] = [
    (
        Scenario::Publish,
        &["BatchGetItem", "PutObject", "TransactWriteItems"],
    ),
    (
        Scenario::PublishAgain,
        &["TransactWriteItems", "GetItem", "HeadObject", "DeleteObject"],
    ),
    (Scenario::PublishOther, &["TransactWriteItems", "DeleteObject"]),
    (Scenario::Get, &["BatchGetItem"]),
    (
        Scenario::Delete,
        &["BatchGetItem", "TransactWriteItems", "DeleteObject"],
    ),
    (Scenario::PublishLarge, &["PutObject"]),
    (Scenario::GetLarge, &["GetObject"]),
    (Scenario::DeleteLarge, &["DeleteObject"]),
    (Scenario::PublishAttested, &["PutObject"]),
    (Scenario::GetAttestations, &["GetObject"]),
];

impl Scenario {
    /// The answer without any misfortune.
    fn expected_ok(self) -> u16 {
        if self == Self::PublishOther { 409 } else { 200 }
    }

    /// State before the scenario begins.
    async fn prepare(self, app: &TestApp) -> String {
        match self {
            Self::Publish | Self::PublishLarge | Self::PublishAttested => String::new(),
            Self::GetAttestations => self.publish_attested(&app.user.patient()).await.id(),
            _ => app.user.patient().publish(&self.gem()).await.id(),
        }
    }

    async fn run(self, user: &Client, id: &str) -> Answer {
        match self {
            Self::Publish | Self::PublishAgain | Self::PublishLarge => user.publish(&self.gem()).await,
            Self::PublishOther => user.publish(&Gem::banana().summary("Another").build()).await,
            Self::Get | Self::GetLarge => user.get(id).await,
            Self::Delete | Self::DeleteLarge => user.delete(id).await,
            Self::PublishAttested => self.publish_attested(user).await,
            Self::GetAttestations => user.attestations(id).await,
        }
    }

    async fn publish_attested(self, user: &Client) -> Answer {
        let gem = self.gem();
        user.publish_attested(&gem, &bundle_of(&gem.bytes)).await
    }

    fn gem(self) -> File {
        match self {
            Self::PublishLarge | Self::GetLarge | Self::DeleteLarge => {
                Gem::banana().summary(&"x".repeat(20_000)).build()
            }
            _ => Gem::banana().build(),
        }
    }
}

/// One misfortune in one scenario.
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

    /// Status that the client is to be answered.
    fn expected(&self) -> u16 {
        let ok = self.scenario.expected_ok();
        // The promise to the client is kept; the file is no part of it.
        if self.case.operation == "DeleteObject" {
            return ok;
        }
        self.case.expected_of_one_call(ok)
    }

    async fn run(self) {
        let (app, proxy) = TestApp::behind_proxy(self.case.request_timeout()).await;
        let id = self.scenario.prepare(&app).await;
        proxy.clear();
        self.case.inject(&proxy);
        let answer = self.scenario.run(&app.user, &id).await;
        assert_eq!(
            answer.status.as_u16(),
            self.expected(),
            "{self:?}: {}",
            answer.text()
        );
        assert_can_be_repeated(&answer);
        // A refused object looks like a missing one, which is no failure of the call.
        if !matches!(
            (&self.case.fault, self.case.operation),
            (Fault::Refuse, "GetObject")
        ) {
            assert_explained(&answer, self.case.operation);
        }
        proxy.clear();
        self.assert_invariants(&app, &id, &answer).await;
        self.assert_converges(&app, &proxy, &id, &answer).await;
    }

    async fn assert_invariants(&self, app: &TestApp, id: &str, answer: &Answer) {
        let contents = app.contents().await;
        let packages = assert_consistent(&contents);
        if matches!(self.case.fault, Fault::Delay(_)) {
            // A repeat and a conflict have taken their own file away again.
            assert_eq!(contents.orphans(), [""; 0], "{self:?}");
        }
        let unknown = answer.status == 503;
        match self.scenario {
            Scenario::Publish | Scenario::PublishLarge | Scenario::PublishAttested
                if answer.status == 200 =>
            {
                assert_eq!(packages, [answer.id()], "{self:?}");
            }
            Scenario::Publish | Scenario::PublishLarge | Scenario::PublishAttested if unknown => {
                assert!(packages.len() <= 1, "{self:?}");
            }
            Scenario::Publish | Scenario::PublishLarge | Scenario::PublishAttested => {
                assert_eq!(packages, [""; 0], "{self:?}");
            }
            Scenario::Delete | Scenario::DeleteLarge if answer.status == 200 => {
                assert_eq!(packages, [""; 0], "{self:?}");
            }
            Scenario::Delete | Scenario::DeleteLarge if unknown => assert!(packages.len() <= 1, "{self:?}"),
            _ => assert_eq!(packages, [id], "{self:?}"),
        }
    }

    async fn assert_converges(&self, app: &TestApp, proxy: &FaultProxy, id: &str, answer: &Answer) {
        let again = self.scenario.run(&app.user.patient(), id).await;
        let packages = assert_consistent(&app.contents().await);
        if matches!(self.scenario, Scenario::Delete | Scenario::DeleteLarge) {
            let expected: &[u16] = match answer.status.as_u16() {
                200 => &[404],
                _ => &[200, 404],
            };
            assert!(
                expected.contains(&again.status.as_u16()),
                "{self:?}: {}",
                again.text()
            );
            assert_eq!(packages, [""; 0], "{self:?}");
            return;
        }
        assert_eq!(
            again.status,
            self.scenario.expected_ok(),
            "{self:?}: {}",
            again.text()
        );
        assert_eq!(packages.len(), 1, "{self:?}");
        if answer.status == 200 {
            assert_eq!(again.text(), answer.text(), "{self:?}");
        }
        let got = app.user.patient().get(&packages[0]).await;
        assert_eq!(got.id(), packages[0], "{self:?}: {:?}", proxy.calls());
    }
}

/// Errors that pass say when to come back, and never anything of the inside.
#[track_caller]
fn assert_can_be_repeated(answer: &Answer) {
    let status = answer.status.as_u16();
    if status >= 400 {
        answer.assert_error(status);
        assert!(
            !answer.text().contains("as the test wants it"),
            "{}",
            answer.text()
        );
    }
    let waits = matches!(status, 429 | 503).then_some("2");
    assert_eq!(answer.header("retry-after"), waits);
    assert_eq!(answer.header("ratelimit-reset"), waits.filter(|_| status == 429));
}

/// Runs every case of these scenarios, many at once, and tells of all that fail.
async fn run(scenarios: &[Scenario]) {
    let cases = Case::all().filter(|case| scenarios.contains(&case.scenario));
    run_all(cases.map(Case::run)).await;
}

#[tokio::test]
async fn publishes_survive_every_fault() {
    run(&[Scenario::Publish]).await;
}

#[tokio::test]
async fn repeated_publishes_survive_every_fault() {
    run(&[Scenario::PublishAgain]).await;
}

#[tokio::test]
async fn publishes_of_other_bytes_survive_every_fault() {
    run(&[Scenario::PublishOther]).await;
}

#[tokio::test]
async fn gets_and_deletes_survive_every_fault() {
    run(&[Scenario::Get, Scenario::Delete]).await;
}

#[tokio::test]
async fn objects_beside_files_survive_every_fault() {
    run(&[Scenario::PublishLarge, Scenario::GetLarge, Scenario::DeleteLarge]).await;
    run(&[Scenario::PublishAttested, Scenario::GetAttestations]).await;
}

/// Repeats that are refused say nothing of the attempt before them, which was carried out.
#[tokio::test]
async fn unknown_outcomes_stay_unknown() {
    for after in [Fault::Refuse, Fault::Throttle, Fault::Cancel("ValidationError")] {
        let (app, proxy) = TestApp::behind_proxy(ENOUGH).await;
        proxy.inject("TransactWriteItems", Fault::LoseAnswer, 1);
        proxy.inject("TransactWriteItems", after.clone(), ALWAYS);
        let answer = app.user.publish(&Gem::banana().build()).await;
        assert_eq!(answer.status, 503, "{after:?}: {}", answer.text());
        proxy.clear();
        let packages = assert_consistent(&app.contents().await);
        let again = app.user.patient().publish(&Gem::banana().build()).await;
        assert_eq!(again.id(), packages[0]);
        assert_eq!(packages.len(), 1);
    }
}

/// Word for word what a client is told.
#[tokio::test]
async fn storage_failures_hide_their_causes() {
    let mut answers = String::new();
    for (fault, time) in [
        (Fault::Throttle, PATIENT),
        (Fault::Refuse, PATIENT),
        (Fault::Hang, SHORT),
    ] {
        let (app, proxy) = TestApp::behind_proxy(time).await;
        proxy.inject("PutObject", fault.clone(), ALWAYS);
        let answer = app.user.publish(&Gem::banana().build()).await;
        answers.push_str(&format!("{fault:?}: {}\n\n", answer.rendered()));
    }
    assert_snapshot!(answers);
}

#[tokio::test]
async fn unprocessed_keys_are_no_absences() {
    let (app, proxy) = TestApp::behind_proxy(PATIENT).await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    proxy.inject("BatchGetItem", Fault::UnprocessedSome, 1);
    proxy.inject("BatchGetItem", Fault::Unprocessed, ALWAYS);
    app.user.get(&id).await.assert_error(429);
}
