//! Who may do what: every call by every kind of caller.

use http::Method;
use insta::assert_snapshot;
use packages_api::records::NewToken;
use packages_api::{DEVELOPMENT_TOKEN, Scope};

use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp, slug};
use crate::support::client::Client;

const CALLS: [&str; 7] = ["list", "create", "get", "patch", "put", "post", "delete"];

/// Makes a call with a body that is no JSON: it is refused before its body is read, or else answered 400.
async fn call(user: &Client, name: &str) -> Answer {
    let (method, path) = match name {
        "list" => (Method::GET, user.registries()),
        "create" => (Method::POST, user.registries()),
        "get" => (Method::GET, user.own_registry()),
        "patch" => (Method::PATCH, user.own_registry()),
        "put" => (Method::PUT, user.own_registry()),
        "post" => (Method::POST, user.own_registry()),
        "delete" => (Method::DELETE, user.own_registry()),
        other => panic!("{other}"),
    };
    user.send(user.request(method, &path).body("{")).await
}

/// Statuses of all calls, in the order of [`CALLS`].
async fn statuses(user: &Client) -> [u16; 7] {
    let mut statuses = [0; 7];
    for (status, name) in statuses.iter_mut().zip(CALLS) {
        let answer = call(user, name).await;
        *status = answer.status.as_u16();
        if *status >= 400 {
            answer.assert_error(*status);
        }
    }
    statuses
}

fn token(scopes: &[Scope]) -> NewToken {
    NewToken {
        scopes: scopes.to_vec(),
        ..NewToken::default()
    }
}

#[tokio::test]
async fn callers_reach_what_their_tokens_open() {
    let app = TestApp::start().await;
    let stranger = app.stranger().await;
    let bearer = |secret: &str| app.user.authorized(Some(&format!("Bearer {secret}")));
    let restricted = NewToken {
        registry: Some((app.registry.id, slug(REGISTRY))),
        ..token(&[Scope::ReadRegistries, Scope::WriteRegistries])
    };
    let (restricted, _) = app.user_of(restricted).await;
    let packages = [
        Scope::ReadPackages,
        Scope::CreatePackages,
        Scope::WritePackages,
        Scope::DeletePackages,
    ];
    let nowhere = app.user.at(ORGANIZATION, "nothing");
    for (who, user, expected) in [
        ("no token", &app.user.authorized(None), [401; 7]),
        ("mistyped", &bearer("pkgs_mistyped"), [401; 7]),
        ("unknown", &bearer(DEVELOPMENT_TOKEN), [401; 7]),
        ("foreign", &stranger, [404; 7]),
        ("no organization", &app.user.at("nowhere", REGISTRY), [404; 7]),
        ("no slug", &app.user.at("No%20Slug", REGISTRY), [404; 7]),
        ("packages", &app.user_with(&packages).await, [403; 7]),
        (
            "read",
            &app.user_with(&[Scope::ReadRegistries]).await,
            [200, 403, 200, 403, 403, 403, 403],
        ),
        (
            "write",
            &app.user_with(&[Scope::WriteRegistries]).await,
            [403, 400, 403, 400, 400, 400, 403],
        ),
        ("restricted", &restricted, [200, 403, 200, 400, 400, 400, 403]),
        (
            "restricted, elsewhere",
            &restricted.at(ORGANIZATION, FILES),
            [200, 403, 404, 404, 404, 404, 403],
        ),
        ("no registry", &nowhere, [200, 400, 404, 404, 404, 404, 404]),
        (
            "delete",
            &app.user_with(&[Scope::DeleteRegistries]).await,
            [403, 403, 403, 403, 403, 403, 200],
        ),
        // It is gone by now.
        ("deleted", &app.user, [200, 400, 404, 404, 404, 404, 404]),
        (
            "restricted to a deleted one",
            &restricted,
            [200, 403, 404, 404, 404, 404, 403],
        ),
    ] {
        assert_eq!(statuses(user).await, expected, "{who}");
    }
}

#[tokio::test]
async fn refusals_say_what_is_missing() {
    let app = TestApp::start().await;
    let reader = app.user_with(&[Scope::ReadRegistries]).await;
    let restricted = NewToken {
        registry: Some((app.registry.id, slug(REGISTRY))),
        ..token(&Scope::ALL)
    };
    let (restricted, _) = app.user_of(restricted).await;
    let mut answers = String::new();
    for (name, user) in [
        ("create", &reader),
        ("patch", &reader),
        ("delete", &reader),
        ("create", &restricted),
        ("get", &app.user.at(ORGANIZATION, "nothing")),
        ("list", &app.user.at("nowhere", REGISTRY)),
    ] {
        answers.push_str(&format!("{name}: {}\n\n", call(user, name).await.rendered()));
    }
    assert_snapshot!("refusals", answers);
}
