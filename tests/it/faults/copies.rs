//! Copies, with every fault at every call of AWS that they make.

use std::time::Duration;

use packages_api::formats::Ecosystem;

use crate::support::app::TestApp;
use crate::support::fault_case::FaultCase;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::log::assert_explained;
use crate::support::side_by_side::run_all;

const OTHER: &str = "more-gems";

/// The calls of a copy, in their order.
const CALLS: [&str; 3] = ["BatchGetItem", "CopyObject", "TransactWriteItems"];

async fn run(case: FaultCase) {
    // As long as a release is given anyway, which comes last.
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(12)).await;
    app.create_registry(OTHER, Ecosystem::Ruby).await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    case.inject(&proxy);
    let copy = app.user.copy(&source, OTHER).await;
    let status = copy.status.as_u16();
    assert!(
        case.expected(404).contains(&status),
        "{case:?}: {status} {}",
        copy.text()
    );
    assert_explained(&copy, case.operation);
    proxy.clear();
    let packages = assert_consistent(&app.contents().await);
    let again = app.user.copy(&source, OTHER).await;
    let converged = assert_consistent(&app.contents().await);
    assert_eq!(converged, [again.id(), source], "{case:?}");
    if packages.len() == 2 {
        assert_eq!(converged, packages, "{case:?}");
    }
}

#[tokio::test]
async fn copies_survive_every_fault() {
    run_all(FaultCase::all(&CALLS).map(run)).await;
}
