//! Get and list.

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use insta::assert_snapshot;
use packages_api::Scope;
use packages_api::records::NewToken;

use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp, slug, tester};
use crate::support::contents::put_item;

#[tokio::test]
async fn registries_have_the_documented_body() {
    let app = TestApp::start().await;
    let got = app.user.call(Method::GET, &app.user.own_registry()).await;
    assert_snapshot!("get", got.rendered());
    let listed = app.user.call(Method::GET, &app.user.registries()).await;
    assert_snapshot!("list", listed.rendered());
    assert_eq!(listed.json()[1], got.json());
}

#[tokio::test]
async fn lists_beyond_an_answer_are_refused() {
    let app = TestApp::start().await;
    let key = |slug: &str| (format!("organization/{ORGANIZATION}"), format!("registry/{slug}"));
    let item = app.contents().await.records[&key(REGISTRY)].clone();
    for number in 0..250 {
        let mut item = item.clone();
        for (name, value) in [
            ("sk", key(&format!("large-{number}")).1),
            ("slug", format!("large-{number}")),
            ("id", uuid::Uuid::now_v7().to_string()),
            ("oidc_policy", "#".repeat(16 * 1024)),
            ("description", "\"".repeat(1024)),
        ] {
            item.insert(name.to_owned(), AttributeValue::S(value));
        }
        put_item(&app.stack, item).await;
    }
    let refused = app.user.call(Method::GET, &app.user.registries()).await;
    assert_snapshot!("too_large", refused.assert_error(422).rendered());
    let one = app.user.at(ORGANIZATION, "large-249");
    assert_eq!(app.user.call(Method::GET, &one.own_registry()).await.status, 200);
}

#[tokio::test]
async fn restricted_tokens_see_their_registry_alone() {
    let app = TestApp::start().await;
    let restricted = NewToken {
        scopes: vec![Scope::ReadRegistries],
        registry: Some((app.registry.id, slug(REGISTRY))),
        ..NewToken::default()
    };
    let (user, _) = app.user_of(restricted).await;
    let listed = user.call(Method::GET, &user.registries()).await;
    let own = user.call(Method::GET, &user.own_registry()).await;
    assert_eq!(listed.json(), serde_json::json!([own.json()]));
    let other = user.at(ORGANIZATION, FILES);
    user.call(Method::GET, &other.own_registry())
        .await
        .assert_error(404);
    app.renew_registry().await;
    let listed = user.call(Method::GET, &user.registries()).await;
    assert_eq!(listed.json(), serde_json::json!([]));
}

#[tokio::test]
async fn tokens_of_a_former_organization_open_nothing() {
    let app = TestApp::start().await;
    let former = app.records.create_organization(&slug("former"), tester()).await;
    let former = former.expect("a new organization");
    let all = NewToken {
        scopes: Scope::ALL.to_vec(),
        ..NewToken::default()
    };
    let secret = packages_api::Secret::generate().expect("randomness");
    let token = app.records.create_token(&former, &secret, all, tester()).await;
    let token = (
        "token/".to_owned() + &token.expect("a new token").hash.to_string(),
        "token".to_owned(),
    );
    let item = app.contents().await.records[&token].clone();
    let user = app.user.at("former", REGISTRY);
    let user = user.authorized(Some(&format!("Bearer {}", secret.expose())));
    assert_eq!(user.call(Method::GET, &user.registries()).await.text(), "[]");
    let deleted = app.records.delete_organization(&slug("former"), tester()).await;
    deleted.expect("it was there");
    user.call(Method::GET, &user.registries()).await.assert_error(401);
    // As if the deletion of its tokens had been cut off.
    let later = app.records.create_organization(&slug("former"), tester()).await;
    later.expect("a new organization");
    put_item(&app.stack, item).await;
    user.call(Method::GET, &user.registries()).await.assert_error(404);
}
