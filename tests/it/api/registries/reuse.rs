//! Releases that were deleted, and whether they may be published again.

use http::Method;
use packages_api::adoption::AdoptionReport;
use serde_json::json;

use crate::adoption::{adopt, idle};
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::gem::Gem;

/// A user of a new registry with this rule.
async fn user_of(app: &TestApp, reuse: Option<&str>) -> Client {
    let name = reuse.unwrap_or("default").replace('_', "-");
    let sent = json!({ "name": name, "ecosystem": "ruby", "reuse": reuse });
    let created = app
        .user
        .call_with(Method::POST, &app.user.registries(), &sent)
        .await;
    assert_eq!(created.status, 200, "{}", created.text());
    assert_eq!(
        created.json().get("reuse"),
        reuse.map(|reuse| json!(reuse)).as_ref()
    );
    app.user.at(&app.user.organization, &name)
}

/// Publishes a gem, deletes it, and answers what follows for its bytes and for others.
async fn statuses_after_deletion(user: &Client) -> (u16, u16) {
    let same = Gem::banana().build();
    let other = Gem::banana().summary("Another one").build();
    let id = user.publish(&same).await.id();
    assert_eq!(user.delete(&id).await.status, 200);
    let answers_other = user.publish(&other).await;
    if answers_other.status == 200 {
        user.delete(&answers_other.id()).await;
    }
    let answers_same = user.publish(&same).await;
    (answers_same.status.as_u16(), answers_other.status.as_u16())
}

#[tokio::test]
async fn deleted_releases_return_as_the_registry_allows() {
    let app = TestApp::start().await;
    for (reuse, same, other) in [
        (None, 200, 200),
        (Some("any"), 200, 200),
        (Some("same_bytes"), 200, 409),
        (Some("never"), 409, 409),
    ] {
        let user = user_of(&app, reuse).await;
        assert_eq!(statuses_after_deletion(&user).await, (same, other), "{reuse:?}");
    }
}

#[tokio::test]
async fn retired_releases_are_told_what_to_do() {
    let app = TestApp::start().await;
    for (reuse, content) in [("never", ""), ("same_bytes", " with other content")] {
        let user = user_of(&app, Some(reuse)).await;
        let id = user.publish(&Gem::banana().build()).await.id();
        user.delete(&id).await;
        let answer = user.publish(&Gem::banana().summary("Another one").build()).await;
        answer.assert_error(409);
        let expected = format!(
            "banana 1.0.0 (ruby) was published before and then deleted, and this registry lets no release be published \
             again{content}. Publish this file as a new version."
        );
        assert_eq!(answer.message(), expected);
    }
}

#[tokio::test]
async fn changed_rules_hold_for_earlier_deletions() {
    let app = TestApp::start().await;
    let user = user_of(&app, Some("never")).await;
    let gem = Gem::banana().build();
    let id = user.publish(&gem).await.id();
    user.delete(&id).await;
    assert_eq!(user.publish(&gem).await.status, 409);
    let changed = json!({ "reuse": "any" });
    let changed = user
        .call_with(Method::PATCH, &user.own_registry(), &changed)
        .await;
    assert_eq!(changed.json()["reuse"], "any");
    user.publish(&Gem::banana().summary("Another one").build())
        .await
        .id();
}

#[tokio::test]
async fn unknown_rules_are_refused() {
    let app = TestApp::start().await;
    let sent = json!({ "name": "a", "ecosystem": "ruby", "reuse": "sometimes" });
    let answer = app
        .user
        .call_with(Method::POST, &app.user.registries(), &sent)
        .await;
    answer.assert_error(422);
    assert_eq!(answer.json()["errors"][0]["field"], "reuse");
}

#[tokio::test]
async fn retired_releases_survive_an_adoption() {
    let app = TestApp::start().await;
    let user = user_of(&app, Some("never")).await;
    let gem = Gem::banana().build();
    let id = user.publish(&gem).await.id();
    user.delete(&id).await;
    let report = adopt(&app).await;
    let expected = AdoptionReport {
        registries: 3,
        ..idle(&app, 0)
    };
    assert_eq!(report, expected);
    assert_eq!(user.publish(&gem).await.status, 409);
}
