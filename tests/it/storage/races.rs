//! Many at once, and one in the middle of another.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::contents::Contents;
use crate::support::fault::{Fault, Gate};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;

const PUBLISHERS: u8 = 64;

/// The answers to as many publishers as there are files, all at once.
async fn race(app: &TestApp, files: Vec<File>) -> Vec<Answer> {
    let mut racing = JoinSet::new();
    for file in files {
        let user = app.user.clone();
        racing.spawn(async move { user.publish(&file).await });
    }
    racing.join_all().await
}

#[tokio::test]
async fn racing_publishes_of_same_bytes_share_a_package() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let answers = race(&app, vec![gem; PUBLISHERS.into()]).await;
    let ids: BTreeSet<_> = answers.iter().map(Answer::id).collect();
    let contents = app.contents().await;
    assert_eq!(Vec::from_iter(ids), assert_consistent(&contents));
    assert_eq!(contents.objects.len(), 1, "{:?}", contents.objects.keys());
}

#[tokio::test]
async fn one_of_racing_publishes_wins() {
    let app = TestApp::start().await;
    let gem = |number: u8| Gem::banana().member("number", [number]).build();
    let answers = race(&app, (0..PUBLISHERS).map(gem).collect()).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    let id = won[0].id();
    for answer in lost {
        answer.assert_error(409);
        assert!(answer.message().contains(&id), "{}", answer.message());
    }
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [id]);
    assert_eq!(contents.objects.len(), 1, "{:?}", contents.objects.keys());
}

#[tokio::test]
async fn racing_deletes_delete_once() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let mut racing = JoinSet::new();
    for _ in 0..8 {
        let (user, id) = (app.user.clone(), id.clone());
        racing.spawn(async move { user.delete(&id).await.status.as_u16() });
    }
    let mut statuses = racing.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404, 404, 404]);
    let after = app.contents().await;
    let events = |contents: &Contents| contents.of_kind("audit").len();
    assert_eq!(events(&after), events(&before) + 2, "a publish and a delete");
    assert_eq!(after.without_events(), before.without_events());
}

/// Its file is there, and nobody can see it yet.
#[tokio::test]
async fn packages_appear_complete_or_not_at_all() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let user = app.user.clone();
    let publishing = tokio::spawn(async move { user.publish(&Gem::banana().build()).await });
    gate.reached().await;
    let contents = app.contents().await;
    let mut keys = contents.objects.keys();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        panic!("not one object: {contents:?}")
    };
    let id = key.rsplit('/').next().expect("an id");
    app.user.get(id).await.assert_error(404);
    app.user.delete(id).await.assert_error(404);
    let list = app.user.call(Method::GET, &app.user.packages()).await;
    assert_eq!(list.json()["items"], json!([]));
    gate.open();
    assert_eq!(publishing.await.expect("an answer").id(), id);
    let list = app.user.call(Method::GET, &app.user.packages()).await;
    assert_eq!(list.json()["items"][0]["id"], id);
    assert_eq!(app.user.get(id).await.status, 200);
}

/// A registry is deleted after the read that let a publisher in.
#[tokio::test]
async fn publishes_to_deleted_registries_miss_their_successor() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let user = app.user.clone();
    let publishing = tokio::spawn(async move { user.publish(&Gem::banana().build()).await });
    gate.reached().await;
    app.renew_registry().await;
    let other = app.user.publish(&Gem::banana().summary("Another").build()).await;
    gate.open();
    let late = publishing.await.expect("an answer");
    late.assert_error(404);
    // The rest, which the sweep is to find, hinders nobody.
    assert_eq!(app.user.get(&other.id()).await.status, 200);
    app.user.publish(&Gem::banana().build()).await.assert_error(409);
    assert_eq!(app.user.delete(&other.id()).await.status, 200);
    assert_eq!(assert_consistent(&app.contents().await), [""; 0]);
}

/// The second publisher finds the release held by a package that is gone when it looks.
#[tokio::test]
async fn repeats_during_a_delete_begin_again() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let gem = Gem::banana().build();
    let first = app.user.publish(&gem).await.id();
    let gate = Gate::new();
    proxy.inject("GetItem", Fault::PauseBefore(gate.clone()), 1);
    let user = app.user.clone();
    let repeating = tokio::spawn(async move { user.publish(&gem).await });
    gate.reached().await;
    assert_eq!(app.user.delete(&first).await.status, 200);
    gate.open();
    let second = repeating.await.expect("an answer").id();
    assert_ne!(first, second);
    assert_eq!(assert_consistent(&app.contents().await), [second]);
}

#[tokio::test]
async fn lost_answers_make_no_second_package() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    proxy.inject("TransactWriteItems", Fault::LoseAnswer, 3);
    let id = app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(assert_consistent(&app.contents().await), [id]);
}

#[tokio::test]
async fn packages_may_be_deleted_before_the_answer() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let before = app.contents().await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseAfter(gate.clone()), 1);
    let user = app.user.clone();
    let publishing = tokio::spawn(async move { user.publish(&Gem::banana().build()).await });
    gate.reached().await;
    let [id] = assert_consistent(&app.contents().await)
        .try_into()
        .expect("one package");
    assert_eq!(app.user.delete(&id).await.status, 200);
    gate.open();
    assert_eq!(publishing.await.expect("an answer").id(), id);
    assert_eq!(app.contents().await.without_events(), before.without_events());
}
