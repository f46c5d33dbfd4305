//! Errors of requests that may not do what they ask for: 401, 403 and 404.

use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, slug, tester};
use crate::support::client::Client;
use crate::support::gem::Gem;
use crate::support::registry_deeds::RegistryDeeds as _;

/// The three calls by this user, each answered with this error, word for word the same.
async fn refused(user: &Client, id: &str, status: u16) -> String {
    let get = user.get(id).await;
    for answer in [
        &user.publish(&Gem::banana().build()).await,
        &user.delete(id).await,
        &get,
    ] {
        answer.assert_error(status);
        if status != 403 {
            assert_eq!(answer.text(), get.text());
        }
    }
    get.rendered()
}

#[tokio::test]
async fn requests_without_a_token_learn_nothing() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let before = app.contents().await.keys();
    let nobody = refused(&app.user.authorized(None), &id, 401).await;
    let mut answers = format!("no token: {nobody}\n\n");
    let secret = app.user.authorization.clone().expect("a token");
    let secret = secret.trim_start_matches("Bearer ");
    let mut mistyped = secret.to_owned();
    mistyped.replace_range(10..11, if &secret[10..11] == "a" { "b" } else { "a" });
    for (name, header) in [
        ("not bearer", format!("Basic {secret}")),
        ("bare token", secret.to_owned()),
        ("foreign token", "Bearer ghp_0123456789".to_owned()),
        ("mistyped token", format!("Bearer {mistyped}")),
        ("cut token", format!("Bearer {}", &secret[..50])),
        (
            "unknown token",
            format!("Bearer {}", packages_api::DEVELOPMENT_TOKEN),
        ),
    ] {
        let user = app.user.authorized(Some(&header));
        let answer = refused(&user, &id, 401).await;
        // Not even whether there is such an organization.
        assert_eq!(refused(&user.at("nowhere", "nothing"), &id, 401).await, answer);
        answers.push_str(&format!("{name}: {answer}\n\n"));
    }
    assert_snapshot!("tokens", answers);
    assert_eq!(app.contents().await.keys(), before);
}

#[tokio::test]
async fn expired_and_deleted_tokens_are_refused() {
    let app = TestApp::start().await;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let token = |expires_at| NewToken {
        scopes: Scope::ALL.to_vec(),
        expires_at,
        ..NewToken::default()
    };
    let (current, _) = app.user_of(token(Some(now + 3600))).await;
    let id = current.publish(&Gem::banana().build()).await.id();
    let (expired, _) = app.user_of(token(Some(now - 1))).await;
    assert_snapshot!("expired_token", refused(&expired, &id, 401).await);
    let (deleted, record) = app.user_of(token(None)).await;
    assert_eq!(deleted.get(&id).await.status, 200);
    let gone = app
        .records
        .delete_token(&app.organization, record.id, tester())
        .await;
    gone.expect("it was there");
    assert_snapshot!("expired_token", refused(&deleted, &id, 401).await);
}

#[tokio::test]
async fn other_organizations_look_missing() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let stranger = app.stranger().await;
    assert_snapshot!("other_organization", refused(&stranger, &id, 404).await);
    let nowhere = refused(&stranger.at("nowhere", REGISTRY), &id, 404).await;
    assert_eq!(
        nowhere.replace("nowhere", ORGANIZATION),
        refused(&stranger, &id, 404).await
    );
    refused(&app.user.at("No Slug", REGISTRY), &id, 404).await;
}

#[tokio::test]
async fn missing_scopes_are_named_before_missing_registries() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let idle = app.user_with(&[Scope::ReadRegistries]).await;
    for user in [&idle, &idle.at(ORGANIZATION, "nothing")] {
        let publish = user.publish(&Gem::banana().build()).await;
        let answers = [publish, user.get(&id).await, user.delete(&id).await];
        assert_snapshot!("scopes", answers.map(|answer| answer.rendered()).join("\n\n"));
    }
}

#[tokio::test]
async fn every_call_needs_its_own_scope() {
    let app = TestApp::start().await;
    let creator = app.user_with(&[Scope::CreatePackages]).await;
    let writer = app.user_with(&[Scope::WritePackages]).await;
    let reader = app.user_with(&[Scope::ReadPackages]).await;
    let deleter = app.user_with(&[Scope::DeletePackages]).await;
    let gem = Gem::banana().build();
    let id = creator.publish(&gem).await.id();
    assert_eq!(writer.publish(&gem).await.id(), id);
    for user in [&creator, &writer, &deleter] {
        user.get(&id).await.assert_error(403);
    }
    for user in [&creator, &writer, &reader] {
        user.delete(&id).await.assert_error(403);
    }
    for user in [&reader, &deleter] {
        user.publish(&gem).await.assert_error(403);
    }
    assert_eq!(reader.get(&id).await.status, 200);
    assert_eq!(deleter.delete(&id).await.status, 200);
}

#[tokio::test]
async fn missing_and_forbidden_registries_are_404() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let nothing = refused(&app.user.at(ORGANIZATION, "nothing"), &id, 404).await;
    assert_snapshot!("no_registry", nothing);
    let other = app.create_registry("other", Ecosystem::Ruby).await;
    let (bound, _) = app
        .user_of(NewToken {
            scopes: Scope::ALL.to_vec(),
            registry: Some((other.id, other.slug().clone())),
            ..NewToken::default()
        })
        .await;
    let refusal = refused(&bound, &id, 404).await;
    assert_eq!(refusal.replace(REGISTRY, "nothing"), nothing);
    assert_eq!(
        bound
            .at(ORGANIZATION, "other")
            .publish(&Gem::banana().build())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn registry_tokens_die_with_their_registry() {
    let app = TestApp::start().await;
    let (bound, _) = app
        .user_of(NewToken {
            scopes: Scope::ALL.to_vec(),
            registry: Some((app.registry.id, slug(REGISTRY))),
            ..NewToken::default()
        })
        .await;
    let gem = Gem::banana().build();
    let id = bound.publish(&gem).await.id();
    app.records
        .delete_registry(&app.registry, tester())
        .await
        .expect("it was there");
    refused(&app.user, &id, 404).await;
    app.create_registry(REGISTRY, Ecosystem::Ruby).await;
    refused(&bound, &id, 404).await;
    // Packages of the former registry are not there, and in nobody's way.
    app.user.get(&id).await.assert_error(404);
    app.user.delete(&id).await.assert_error(404);
    assert_ne!(app.user.publish(&gem).await.id(), id);
}
