//! Audit events of changes to registries: one for each change, none where nothing changes.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;

/// Actions of all events, newest first, by whom and on what.
async fn events(app: &TestApp) -> Vec<(String, Value, Value)> {
    let path = "/v2/organizations/my_great_org/audit_events?per_page=100";
    let page = app.user.call(Method::GET, path).await.json();
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|item| {
            let action = item["action"].as_str().expect("an action").to_owned();
            (
                action,
                item["actor"]["type"].clone(),
                item["subject"]["name"].clone(),
            )
        })
        .collect()
}

#[tokio::test]
async fn every_change_leaves_its_event() {
    let app = TestApp::start().await;
    let before = events(&app).await.len();
    let user = app.user.at(&app.user.organization, "one");
    let created = json!({ "name": "One", "ecosystem": "ruby", "oidc_policy": "[]" });
    for _ in 0..2 {
        let answer = user.call_with(Method::POST, &user.registries(), &created).await;
        assert_eq!(answer.status, 200);
    }
    for changes in [
        json!({ "emoji": ":gem:" }),
        json!({ "emoji": ":gem:" }),
        json!({ "oidc_policy": null }),
        json!({ "oidc_policy": "# none", "color": "red" }),
    ] {
        let answer = user
            .call_with(Method::PATCH, &user.own_registry(), &changes)
            .await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(user.call(Method::DELETE, &user.own_registry()).await.status, 200);
    let mut events = events(&app).await;
    events.truncate(events.len() - before);
    events.reverse();
    let expected = [
        "registry.created",
        "registry.updated",
        "policy.updated",
        "registry.updated",
        "policy.updated",
        "registry.deleted",
    ];
    assert_eq!(
        events,
        expected.map(|action| (action.to_owned(), json!("token"), json!("one")))
    );
}
