//! The function's process, killed between any two of its steps.

use packages_api::sweep::Sweep;
use packages_api::{DEVELOPMENT_TOKEN, Files};

use crate::support::app::TestApp;
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::orphan;
use crate::support::runtime_api::Function;
use crate::support::whole::assert_whole;

/// The package that the events of get and delete name.
const EVENTS_PACKAGE: &str = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";

/// `events/rest-{call}.json` by the app's user, about this package.
fn event(app: &TestApp, call: &str, package: &str) -> String {
    let path = format!("{}/events/rest-{call}.json", env!("CARGO_MANIFEST_DIR"));
    let event = std::fs::read_to_string(path).expect("the event is there");
    let authorization = app.user.authorization.as_deref().expect("a token");
    event
        .replace(&format!("Bearer {DEVELOPMENT_TOKEN}"), authorization)
        .replace(EVENTS_PACKAGE, package)
}

fn command() -> [String; 1] {
    [env!("CARGO_BIN_EXE_packages-api").to_owned()]
}

/// Hands the event to a function, and kills it when its call of `operation` waits at the gate.
async fn kill_at(app: &TestApp, event: String, operation: &'static str, fault: impl Fn(Gate) -> Fault) {
    let proxy = FaultProxy::start(&app.stack).await;
    let mut function = Function::start(&command(), &proxy.environment(&app.stack)).await;
    function.first_poll().await;
    let gate = Gate::new();
    proxy.inject(operation, fault(gate.clone()), 1);
    tokio::select! {
        () = gate.reached() => {}
        answer = function.invoke(event.into()) => panic!("answered without {operation}: {answer:?}"),
    }
    function.process.kill().await.expect("it was running");
}

/// A day later the sweep has removed whatever was left behind, and nothing else.
async fn assert_swept(app: &TestApp, packages: &[String]) {
    for key in app.contents().await.orphans() {
        orphan::backdate(app, key).await;
    }
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let report = Sweep::new(app.records.clone(), files, false).run().await;
    assert_eq!(report.expect("a report").stopped, None);
    let contents = app.contents().await;
    assert_eq!(assert_whole(&contents), packages);
    assert_eq!(contents.orphans(), [""; 0]);
}

async fn a_publish_killed_at(
    operation: &'static str,
    fault: impl Fn(Gate) -> Fault,
    published: bool,
    left: usize,
) {
    let app = TestApp::start().await;
    let publish = event(&app, "publish", "");
    kill_at(&app, publish.clone(), operation, fault).await;
    let contents = app.contents().await;
    let packages = assert_whole(&contents);
    assert_eq!(packages.len(), usize::from(published), "{operation}");
    assert_eq!(contents.orphans().len(), left, "{operation}");

    // The client tries again.
    let mut function = Function::start(&command(), &app.stack.environment()).await;
    let answer = function.invoke(publish.into()).await.expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let converged = assert_whole(&app.contents().await);
    assert_eq!(converged.len(), 1);
    assert!(packages.is_empty() || packages == converged);
    assert_swept(&app, &converged).await;
}

#[tokio::test]
async fn a_publish_that_was_killed_is_whole_or_not_there_and_a_repeat_converges() {
    a_publish_killed_at("BatchGetItem", Fault::PauseBefore, false, 0).await;
    a_publish_killed_at("BatchGetItem", Fault::PauseAfter, false, 0).await;
    a_publish_killed_at("PutObject", Fault::PauseBefore, false, 0).await;
    a_publish_killed_at("PutObject", Fault::PauseAfter, false, 1).await;
    a_publish_killed_at("TransactWriteItems", Fault::PauseBefore, false, 1).await;
    a_publish_killed_at("TransactWriteItems", Fault::PauseAfter, true, 0).await;
}

async fn a_delete_killed_at(
    operation: &'static str,
    fault: impl Fn(Gate) -> Fault,
    there: bool,
    left: usize,
) {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    kill_at(&app, event(&app, "delete", &id), operation, fault).await;
    let contents = app.contents().await;
    let packages = assert_whole(&contents);
    assert_eq!(packages.len(), usize::from(there), "{operation}");
    assert_eq!(contents.orphans().len(), left, "{operation}");
    let again = app.user.delete(&id).await;
    assert_eq!(again.status.as_u16(), if there { 200 } else { 404 });
    assert_swept(&app, &[]).await;
    assert_ne!(app.user.publish(&gem).await.id(), id);
}

#[tokio::test]
async fn a_delete_that_was_killed_is_done_or_not_and_a_repeat_converges() {
    a_delete_killed_at("BatchGetItem", Fault::PauseAfter, true, 0).await;
    a_delete_killed_at("TransactWriteItems", Fault::PauseBefore, true, 0).await;
    a_delete_killed_at("TransactWriteItems", Fault::PauseAfter, false, 1).await;
    a_delete_killed_at("DeleteObject", Fault::PauseBefore, false, 1).await;
    a_delete_killed_at("DeleteObject", Fault::PauseAfter, false, 0).await;
}
