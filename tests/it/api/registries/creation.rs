//! Create: bodies, repeats, refusals.

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use insta::assert_snapshot;
use packages_api::Scope;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::contents::put_item;
use crate::support::gem::Gem;

async fn create(user: &Client, body: &Value) -> Answer {
    user.call_with(Method::POST, &user.registries(), body).await
}

/// Makes the organization's record count so many registries.
async fn count(app: &TestApp, registries: u32) {
    let key = (format!("organization/{ORGANIZATION}"), "organization".to_owned());
    let mut item = app.contents().await.records[&key].clone();
    item.insert("registries".to_owned(), AttributeValue::N(registries.to_string()));
    put_item(&app.stack, item).await;
}

#[tokio::test]
async fn created_registries_echo_what_was_sent() {
    let app = TestApp::start().await;
    let sent = json!({
        "name": "My Gems, 2nd  edition",
        "ecosystem": "RubyGems",
        "description": " two\nlines ",
        "emoji": "",
        "color": "#bAda55",
        "oidc_policy": "---\n# none yet\n[]\n\n",
        "team_ids": ["b", "a", "b"],
        "unknown": { "ignored": true },
    });
    let created = create(&app.user, &sent).await;
    assert_snapshot!("created", created.rendered());
    for field in [
        "name",
        "ecosystem",
        "description",
        "emoji",
        "color",
        "oidc_policy",
        "team_ids",
    ] {
        assert_eq!(created.json()[field], sent[field], "{field}");
    }
    let user = app.user.at(&app.user.organization, "my-gems-2nd-edition");
    let got = user.call(Method::GET, &user.own_registry()).await;
    assert_eq!(got.text(), created.text());
    // It takes packages at once, which are gems.
    user.publish(&Gem::banana().build()).await.id();
}

#[tokio::test]
async fn identical_repeats_answer_the_registry() {
    let app = TestApp::start().await;
    let sent = json!({ "name": "one", "ecosystem": "npm", "description": "" });
    let created = create(&app.user, &sent).await;
    assert_eq!(created.status, 200, "{}", created.text());
    let before = app.contents().await;
    let again = json!({ "ecosystem": "npm", "description": "", "name": "one", "emoji": null });
    let repeated = create(&app.user, &again).await;
    assert_eq!(
        (repeated.status, repeated.text()),
        (created.status, created.text())
    );
    assert_eq!(app.contents().await, before);

    let other = app.user_with(&Scope::ALL).await;
    let before = app.contents().await;
    let mut refusals = vec![create(&other, &sent).await];
    for (field, value) in [
        ("name", json!("One")),
        ("ecosystem", json!("javascript")),
        ("description", json!(null)),
        ("color", json!("")),
        ("team_ids", json!([])),
    ] {
        let mut different = sent.clone();
        different[field] = value;
        refusals.push(create(&app.user, &different).await);
    }
    for refusal in &refusals {
        refusal.assert_error(422);
        assert_eq!(refusal.text(), refusals[0].text());
    }
    assert_snapshot!("taken", refusals[0].rendered());
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn registries_of_operators_are_not_taken_over() {
    let app = TestApp::start().await;
    let sent = json!({ "name": "my-registry", "ecosystem": "ruby" });
    let refused = create(&app.user, &sent).await;
    assert_eq!(refused.assert_error(422).json()["errors"][0]["code"], "taken");
}

#[tokio::test]
async fn wrong_bodies_are_explained_field_by_field() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let mut answers = String::new();
    for body in [
        "",
        "{",
        "[]",
        r#"{"name": "a", "ecosystem": "ruby", "name": "a"}"#,
        "{}",
        r#"{"name": null, "ecosystem": null}"#,
        r#"{"name": 1, "ecosystem": [], "description": {}, "emoji": true, "color": 1.5, "oidc_policy": 7, "team_ids": [1]}"#,
        r#"{"name": "💎", "ecosystem": "cobol"}"#,
        r#"{"name": "a", "ecosystem": "ruby", "oidc_policy": "- iss: https://a.example\n- &a iss"}"#,
        r#"{"name": "a", "ecosystem": "ruby", "oidc_policy": [{"iss": "https://a.example", "claims": {"a": {"like": "b"}}}]}"#,
        &format!(
            r#"{{"name": "{}", "ecosystem": "ruby", "emoji": "{}"}}"#,
            "a".repeat(256),
            "a".repeat(101)
        ),
        &format!("{{}}{}", " ".repeat(64 * 1024)),
    ] {
        let request = app.user.request(Method::POST, &app.user.registries());
        let answer = app.user.send(request.body(body.to_owned())).await;
        let shown: String = body.chars().take(120).collect();
        answers.push_str(&format!("{shown}\n{}\n\n", answer.rendered()));
    }
    assert_snapshot!("wrong_bodies", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn second_creators_at_once_are_refused() {
    let app = TestApp::start().await;
    let other = app.user_with(&Scope::ALL).await;
    let sent = json!({ "name": "one", "ecosystem": "ruby" });
    let (one, another) = tokio::join!(create(&app.user, &sent), create(&other, &sent));
    let mut statuses = [one.status.as_u16(), another.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{} {}", one.text(), another.text());
    let organization = app.records.organization(&app.organization.slug).await;
    assert_eq!(organization.expect("it is there").registries, 3);
}

#[tokio::test]
async fn organizations_have_a_thousand_registries_at_most() {
    let app = TestApp::start().await;
    count(&app, 1000).await;
    let sent = json!({ "name": "one", "ecosystem": "ruby" });
    let refused = create(&app.user, &sent).await;
    assert_snapshot!("too_many", refused.assert_error(422).rendered());
    count(&app, 999).await;
    assert_eq!(create(&app.user, &sent).await.status, 200);
    // Its repeat is no further one.
    assert_eq!(create(&app.user, &sent).await.status, 200);
}
