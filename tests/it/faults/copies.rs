//! Copies, with every fault at every call of AWS that they make.

use std::time::Duration;

use packages_api::formats::Ecosystem;

use crate::support::app::TestApp;
use crate::support::fault::Fault;
use crate::support::fault_proxy::ALWAYS;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::side_by_side::run_all;

const OTHER: &str = "more-gems";

/// The calls of a copy, in their order.
const CALLS: [&str; 3] = ["BatchGetItem", "CopyObject", "TransactWriteItems"];

/// One fault.
#[derive(Debug, Clone)]
struct Case {
    operation: &'static str,
    fault: Fault,
    times: usize,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        CALLS.into_iter().flat_map(|operation| {
            Fault::all(operation).into_iter().flat_map(move |fault| {
                let once = (!fault.outlasts_the_call()).then_some(1);
                once.into_iter().chain([ALWAYS]).map(move |times| Self {
                    operation,
                    fault: fault.clone(),
                    times,
                })
            })
        })
    }

    /// The status that the client is answered with.
    fn expected(&self) -> u16 {
        match (&self.fault, self.operation) {
            (Fault::Delay(_), _) => 200,
            // To who may not list, S3 says so of what is missing.
            (Fault::Refuse, "CopyObject") => 404,
            (Fault::Refuse | Fault::Cancel("ValidationError"), _) => 500,
            (Fault::Hang | Fault::ApplyAndHang, _) => 503,
            _ if self.times == 1 => 200,
            (
                Fault::Throttle
                | Fault::Cancel("ThrottlingError" | "ProvisionedThroughputExceeded")
                | Fault::Unprocessed,
                _,
            ) => 429,
            // Each repeat leaves one key less.
            (Fault::UnprocessedSome, _) => 200,
            _ => 503,
        }
    }

    async fn run(self) {
        // As long as a release is given anyway, which comes last.
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(12)).await;
        app.create_registry(OTHER, Ecosystem::Ruby).await;
        let source = app.user.publish(&Gem::banana().build()).await.id();
        proxy.inject(self.operation, self.fault.clone(), self.times);
        let copy = app.user.copy(&source, OTHER).await;
        assert_eq!(copy.status, self.expected(), "{self:?}: {}", copy.text());
        proxy.clear();
        let packages = assert_consistent(&app.contents().await);
        let again = app.user.copy(&source, OTHER).await;
        let converged = assert_consistent(&app.contents().await);
        assert_eq!(converged, [again.id(), source], "{self:?}");
        if packages.len() == 2 {
            assert_eq!(converged, packages, "{self:?}");
        }
    }
}

#[tokio::test]
async fn copies_survive_every_fault() {
    run_all(Case::all().map(Case::run)).await;
}
