//! The OIDC policy: text or a list in, text out.

use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;

async fn set(user: &Client, policy: &Value) -> Value {
    let body = json!({ "oidc_policy": policy });
    let answer = user.call_with(Method::PATCH, &user.own_registry(), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let listed = user.call(Method::GET, &user.registries()).await.json();
    let mut listed = listed.as_array().expect("an array").iter();
    assert!(listed.any(|registry| *registry == answer.json()));
    answer.json()["oidc_policy"].clone()
}

#[tokio::test]
async fn texts_are_kept_byte_for_byte() {
    let app = TestApp::start().await;
    for text in [
        "",
        "[]",
        "null\n",
        "# nothing\r\n",
        "---\n- iss: https://agent.buildkite.com   \n  scopes: [write_packages]\n\n",
        "[{\"iss\": \"https://agent.buildkite.com\"}]",
        "- {iss: 'https://a.example', claims: {größe: {matches: ['*']}}}",
    ] {
        assert_eq!(set(&app.user, &json!(text)).await, text);
    }
}

/// Bodies as the Go client writes them.
#[tokio::test]
async fn lists_of_the_go_client_become_texts() {
    let app = TestApp::start().await;
    let create = json!({
        "name": "go",
        "ecosystem": "ruby",
        "oidc_policy": [{
            "iss": "https://agent.buildkite.com",
            "scopes": ["read_packages", "write_packages"],
            "claims": {
                "organization_slug": { "equals": "my-org" },
                "pipeline_slug": { "in": ["a", "b"], "not_in": ["c"] },
                "build_branch": { "not_equals": "x: y", "matches": ["main", "feature/*"] },
            },
        }, { "iss": "https://agent.buildkite.com", "claims": null }],
    });
    let created = app
        .user
        .call_with(Method::POST, &app.user.registries(), &create)
        .await;
    assert_snapshot!("go_client", created.rendered());
    let user = app.user.at(&app.user.organization, "go");
    // The written text can be sent back, as text and as a list.
    let text = created.json()["oidc_policy"].clone();
    assert_eq!(set(&user, &text).await, text);
    assert_eq!(set(&user, &create["oidc_policy"]).await, text);
    for none in [json!([]), json!(null)] {
        assert_eq!(set(&user, &none).await, json!(null));
        assert_eq!(set(&user, &text).await, text);
    }
}
