//! The function's process, killed between any two of its steps.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use packages_api::sweep::Sweep;
use packages_api::{DEVELOPMENT_TOKEN, Files};
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::event::{self, about};
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::FaultProxy;
use crate::support::form::Form;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::lines::renderers;
use crate::support::runtime_api::Function;
use crate::support::{File, orphan};

/// `events/rest-{call}.json` by the app's user, about this package.
fn event(app: &TestApp, call: &str, package: &str) -> String {
    let event = about(&event::event("rest", call), package).to_string();
    let authorization = app.user.authorization.as_deref().expect("a token");
    event.replace(&format!("Bearer {DEVELOPMENT_TOKEN}"), authorization)
}

/// The event of a publish of this file by the app's user.
fn publishing(app: &TestApp, file: &File) -> String {
    let mut event: Value = serde_json::from_str(&event(app, "publish", "")).expect("JSON");
    let form = Form::documented(file);
    event["headers"]["content-type"] = json!(form.content_type);
    event["multiValueHeaders"]["content-type"] = json!([form.content_type]);
    event["body"] = json!(BASE64.encode(form.body));
    event.to_string()
}

fn command() -> [String; 1] {
    [env!("CARGO_BIN_EXE_packages-api").to_owned()]
}

/// Where a call waits at a gate: before or after it is carried out.
type Pause = fn(Gate) -> Fault;

/// Hands the event to a function, and kills it when its calls of `operation`, one for each pause, wait
/// at their gates.
async fn kill_at(app: &TestApp, event: String, operation: &'static str, pauses: &[Pause]) {
    let proxy = FaultProxy::start(&app.stack).await;
    let mut function = Function::start(&command(), &proxy.environment(&app.stack)).await;
    function.first_poll().await;
    // Beside the first poll it opens the connection to the table, by a read that is none of the event's.
    let opened = async {
        while proxy.calls().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), opened)
        .await
        .expect("a connection");
    let gates: Vec<_> = pauses.iter().map(|pause| (pause, Gate::new())).collect();
    for (pause, gate) in &gates {
        proxy.inject(operation, pause(gate.clone()), 1);
    }
    let reached = async {
        for (_, gate) in &gates {
            gate.reached().await;
        }
    };
    tokio::select! {
        () = reached => {}
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
    let report = Sweep::new(app.records.clone(), files, renderers).run().await;
    assert_eq!(report.expect("a report").stopped, None);
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), packages);
    assert_eq!(contents.orphans(), [""; 0]);
}

/// A publish of `gem`, killed there: how many packages and how many files without a package there
/// are then. A repeat makes it the one package, which is the `first` where there was one.
async fn a_publish_killed_at(
    (app, gem, first): (TestApp, File, Option<String>),
    operation: &'static str,
    pauses: &[Pause],
    published: usize,
    left: usize,
) {
    let publish = publishing(&app, &gem);
    kill_at(&app, publish.clone(), operation, pauses).await;
    let contents = app.contents().await;
    let packages = assert_consistent(&contents);
    assert_eq!(packages.len(), published, "{operation}");
    assert_eq!(contents.orphans().len(), left, "{operation}");

    // The client tries again.
    let mut function = Function::start(&command(), &app.stack.environment()).await;
    let answer = function.invoke(publish.into()).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let converged = assert_consistent(&app.contents().await);
    assert_eq!(converged.len(), 1);
    assert!(packages.is_empty() || packages == converged);
    assert!(first.is_none_or(|first| converged == [first]));
    assert_swept(&app, &converged).await;
}

#[tokio::test]
async fn killed_publishes_are_complete_or_absent() {
    let before = async || (TestApp::start().await, Gem::banana().build(), None);
    for (operation, pause, published, left) in [
        ("BatchGetItem", Fault::PauseBefore as Pause, 0, 0),
        ("BatchGetItem", Fault::PauseAfter, 0, 0),
        ("PutObject", Fault::PauseBefore, 0, 0),
        ("PutObject", Fault::PauseAfter, 0, 1),
        ("TransactWriteItems", Fault::PauseBefore, 0, 1),
        ("TransactWriteItems", Fault::PauseAfter, 1, 0),
    ] {
        a_publish_killed_at(before().await, operation, &[pause], published, left).await;
    }
}

#[tokio::test]
async fn killed_repeats_change_nothing_about_the_first() {
    let before = async || {
        let (app, gem) = (TestApp::start().await, Gem::banana().build());
        let first = app.user.publish(&gem).await.id();
        (app, gem, Some(first))
    };
    for (operation, pause, left) in [
        ("TransactWriteItems", Fault::PauseBefore as Pause, 1),
        ("TransactWriteItems", Fault::PauseAfter, 1),
        ("GetItem", Fault::PauseBefore, 1),
        ("GetItem", Fault::PauseAfter, 1),
        ("HeadObject", Fault::PauseBefore, 1),
        ("HeadObject", Fault::PauseAfter, 1),
        ("DeleteObject", Fault::PauseBefore, 1),
        ("DeleteObject", Fault::PauseAfter, 0),
    ] {
        a_publish_killed_at(before().await, operation, &[pause], 1, left).await;
    }
}

/// File and metadata are stored side by side.
#[tokio::test]
async fn metadata_of_killed_publishes_is_swept() {
    let gem = Gem::banana().summary(&"x".repeat(20_000)).build();
    let before = async || (TestApp::start().await, gem.clone(), None);
    let (waits, done) = (Fault::PauseBefore as Pause, Fault::PauseAfter as Pause);
    for (operation, pauses, published, left) in [
        ("PutObject", &[waits, waits][..], 0, 0),
        ("PutObject", &[done, waits], 0, 1),
        ("PutObject", &[done, done], 0, 2),
        ("TransactWriteItems", &[waits], 0, 2),
        ("TransactWriteItems", &[done], 1, 0),
    ] {
        a_publish_killed_at(before().await, operation, pauses, published, left).await;
    }
}

async fn a_delete_killed_at(operation: &'static str, pause: Pause, there: bool, left: usize) {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    kill_at(&app, event(&app, "delete", &id), operation, &[pause]).await;
    let contents = app.contents().await;
    let packages = assert_consistent(&contents);
    assert_eq!(packages.len(), usize::from(there), "{operation}");
    assert_eq!(contents.orphans().len(), left, "{operation}");
    let again = app.user.delete(&id).await;
    assert_eq!(again.status.as_u16(), if there { 200 } else { 404 });
    assert_swept(&app, &[]).await;
    assert_ne!(app.user.publish(&gem).await.id(), id);
}

#[tokio::test]
async fn killed_deletes_are_done_or_not() {
    a_delete_killed_at("BatchGetItem", Fault::PauseAfter, true, 0).await;
    a_delete_killed_at("TransactWriteItems", Fault::PauseBefore, true, 0).await;
    a_delete_killed_at("TransactWriteItems", Fault::PauseAfter, false, 1).await;
    a_delete_killed_at("DeleteObject", Fault::PauseBefore, false, 1).await;
    a_delete_killed_at("DeleteObject", Fault::PauseAfter, false, 0).await;
}
