//! Copies from one registry to another.

use std::time::Duration;

use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;

use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::fault::{Fault, Gate};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;

const OTHER: &str = "more-gems";

impl Client {
    pub(crate) async fn copy(&self, id: &str, to: &str) -> Answer {
        let path = format!("{}/{id}/copy?to={to}", self.packages());
        self.call(Method::POST, &path).await
    }
}

async fn start() -> (TestApp, Client) {
    let app = TestApp::start().await;
    app.create_registry(OTHER, Ecosystem::Ruby).await;
    let other = app.user.at(ORGANIZATION, OTHER);
    (app, other)
}

#[tokio::test]
async fn copies_are_packages_of_their_own() {
    let (app, other) = start().await;
    let gem = Gem::banana().build();
    let source = app.user.publish(&gem).await;
    let copy = app.user.copy(&source.id(), OTHER).await;
    insta::assert_snapshot!(copy.rendered());
    assert_ne!(copy.id(), source.id());
    assert_eq!(other.get(&copy.id()).await.text(), copy.text());
    for field in [
        "name", "version", "variant", "filename", "size", "digests", "metadata",
    ] {
        assert_eq!(copy.json()[field], source.json()[field], "{field}");
    }
    assert_eq!(app.user.delete(&source.id()).await.status, 200);
    assert_eq!(other.download(&copy.id()).await, gem.bytes);
    assert_eq!(assert_consistent(&app.contents().await), [copy.id()]);
}

#[tokio::test]
async fn copies_follow_the_rules_of_publishes() {
    let (app, other) = start().await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    let first = app.user.copy(&source, OTHER).await;
    assert_eq!(app.user.copy(&source, OTHER).await.text(), first.text());
    assert_eq!(app.user.copy(&source, REGISTRY).await.id(), source);
    assert_eq!(other.delete(&first.id()).await.status, 200);
    let taken = other
        .publish(&Gem::banana().summary("Another").build())
        .await
        .id();
    let conflict = app.user.copy(&source, OTHER).await;
    conflict.assert_error(409);
    assert!(conflict.message().contains(&taken), "{}", conflict.message());
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents).len(), 2);
    assert_eq!(contents.objects.len(), 2, "{:?}", contents.objects.keys());
}

#[tokio::test]
async fn copies_between_ecosystems_are_refused() {
    let (app, _) = start().await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    insta::assert_snapshot!(app.user.copy(&source, FILES).await.rendered());
    insta::assert_snapshot!(app.user.copy(&source, "").await.rendered());
    let path = format!("{}/{source}/copy", app.user.packages());
    app.user.call(Method::POST, &path).await.assert_error(422);
    for nowhere in ["nowhere", "..", "%2F", "Ä", "my-registry%00"] {
        app.user.copy(&source, nowhere).await.assert_error(404);
    }
    app.user
        .copy("0191e23a-4bc8-7683-bfa4-5f73bc9b7c44", OTHER)
        .await
        .assert_error(404);
    app.user.copy("x", OTHER).await.assert_error(404);
}

#[tokio::test]
async fn copies_need_read_here_and_write_there() {
    let (app, _) = start().await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    for (scopes, status) in [
        (&[Scope::ReadPackages][..], 403),
        (
            &[Scope::CreatePackages, Scope::WritePackages, Scope::DeletePackages],
            403,
        ),
        (&[Scope::ReadPackages, Scope::CreatePackages], 200),
        (&[Scope::ReadPackages, Scope::WritePackages], 200),
    ] {
        let user = app.user_with(scopes).await;
        let answer = user.copy(&source, OTHER).await;
        assert_eq!(answer.status, status, "{scopes:?}: {}", answer.text());
    }
    app.user
        .authorized(None)
        .copy(&source, OTHER)
        .await
        .assert_error(401);
    app.stranger().await.copy(&source, OTHER).await.assert_error(404);
}

#[tokio::test]
async fn registry_tokens_copy_to_no_other_registry() {
    let (app, other) = start().await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    let second = other.publish(&Gem::new("other", "1.0.0").build()).await.id();
    let (bound, _) = app
        .user_of(NewToken {
            scopes: Scope::ALL.to_vec(),
            registry: Some((app.registry.id, app.registry.slug().clone())),
            ..NewToken::default()
        })
        .await;
    bound.copy(&source, OTHER).await.assert_error(404);
    bound
        .at(ORGANIZATION, OTHER)
        .copy(&second, REGISTRY)
        .await
        .assert_error(404);
    assert_eq!(bound.copy(&source, REGISTRY).await.id(), source);
    assert_eq!(assert_consistent(&app.contents().await).len(), 2);
}

#[tokio::test]
async fn metadata_objects_are_copied_too() {
    let (app, other) = start().await;
    let gem = Gem::banana().summary(&"long ".repeat(10_000)).build();
    let source = app.user.publish(&gem).await.id();
    let copy = app.user.copy(&source, OTHER).await;
    assert_eq!(app.user.delete(&source).await.status, 200);
    assert_eq!(other.get(&copy.id()).await.text(), copy.text());
    assert_eq!(assert_consistent(&app.contents().await), [copy.id()]);
}

#[tokio::test]
async fn copies_cost_three_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.create_registry(OTHER, Ecosystem::Ruby).await;
    let source = app.user.publish(&Gem::banana().build()).await.id();
    proxy.clear();
    app.user.copy(&source, OTHER).await.id();
    assert_eq!(
        proxy.calls(),
        ["BatchGetItem", "CopyObject", "TransactWriteItems"]
    );
}

#[tokio::test]
async fn copies_of_deleted_sources_are_complete_or_absent() {
    for operation in ["CopyObject", "TransactWriteItems"] {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        app.create_registry(OTHER, Ecosystem::Ruby).await;
        let gem = Gem::banana().build();
        let source = app.user.publish(&gem).await.id();
        let gate = Gate::new();
        proxy.inject(operation, Fault::PauseBefore(gate.clone()), 1);
        let copy = tokio::spawn({
            let (user, source) = (app.user.clone(), source.clone());
            async move { user.copy(&source, OTHER).await }
        });
        gate.reached().await;
        // While the gate is held by the copy, deletes of its kind pass.
        assert_eq!(app.user.delete(&source).await.status, 200);
        gate.open();
        let copy = copy.await.expect("no panic");
        let contents = app.contents().await;
        let packages = assert_consistent(&contents);
        if operation == "CopyObject" {
            copy.assert_error(404);
            assert_eq!(packages, [""; 0]);
            assert_eq!(contents.objects.len(), 0, "{:?}", contents.objects.keys());
        } else {
            assert_eq!(packages, [copy.id()]);
            let other = app.user.at(ORGANIZATION, OTHER);
            assert_eq!(other.download(&copy.id()).await, gem.bytes);
        }
    }
}
