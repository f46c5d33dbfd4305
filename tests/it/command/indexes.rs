//! `admin registry check` and `admin registry reindex`.

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use insta::assert_snapshot;
use packages_api::formats::Ecosystem;

use crate::support::app::TestApp;
use crate::support::command::transcript;
use crate::support::contents::put_item;
use crate::support::gem::Gem;

const CHECK: &str = "admin registry check my_great_org/my-registry";
const REINDEX: &str = "admin registry reindex my_great_org/my-registry";

async fn versions(app: &TestApp) -> String {
    let answer = app.user.call(Method::GET, &app.user.native("/versions")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

#[tokio::test]
async fn checks_show_the_state_and_change_nothing() {
    let app = TestApp::start().await;
    let mut transcripts = transcript(&app.stack, CHECK).await;
    app.user.publish(&Gem::banana().build()).await.id();
    versions(&app).await;
    transcripts += &transcript(&app.stack, CHECK).await;
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let before = app.contents().await;
    transcripts += &transcript(&app.stack, CHECK).await;
    assert_eq!(app.contents().await, before);
    assert_snapshot!(transcripts);
}

/// Metadata that no renderer takes, as another version may have written it.
async fn damage(app: &TestApp, id: &str) {
    let contents = app.contents().await;
    let packages = contents.of_kind("packages");
    let (_, item) = packages.iter().find(|(own, _)| *own == id).expect("the package");
    let mut item = (*item).clone();
    item.insert("metadata".to_owned(), AttributeValue::S("1".to_owned()));
    put_item(&app.stack, item).await;
}

#[tokio::test]
async fn checks_name_what_is_left_out() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let id = app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    damage(&app, &id).await;
    assert!(!versions(&app).await.contains("apple"));
    assert_snapshot!(transcript(&app.stack, CHECK).await);
}

#[tokio::test]
async fn reindexes_take_in_what_can_be_rendered_again() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let id = app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let contents = app.contents().await;
    let packages = contents.of_kind("packages");
    let (_, whole) = packages.iter().find(|(own, _)| *own == id).expect("the package");
    damage(&app, &id).await;
    assert!(!versions(&app).await.contains("apple"));
    put_item(&app.stack, (*whole).clone()).await;
    // A reader does not look again at what it left out.
    assert!(!versions(&app).await.contains("apple"));
    assert_snapshot!(transcript(&app.stack, REINDEX).await);
    assert!(versions(&app).await.contains("\napple 1.0.0 "));
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn registries_without_indexes_have_nothing_to_build() {
    let app = TestApp::start().await;
    app.create_registry("my-charts", Ecosystem::Helm).await;
    let mut transcripts = String::new();
    for command in [
        "admin registry check my_great_org/my-charts",
        "admin registry reindex my_great_org/my-charts",
        "admin registry check my_great_org/nothing",
        "admin registry reindex my_great_org/nothing",
    ] {
        transcripts += &transcript(&app.stack, command).await;
    }
    assert_snapshot!(transcripts);
}
