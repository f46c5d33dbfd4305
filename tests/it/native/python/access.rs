//! Who may install, and who may publish.

use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;

use super::fixture::{PYTHON, user_of, wheel};
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::issuer::P256;
use crate::support::jobs::Jobs;

/// Statuses of a page, a file, its METADATA and an upload without a form.
async fn statuses(user: &Client, id: &str) -> [u16; 4] {
    let file = "banana-1.0-py3-none-any.whl";
    let mut statuses = [0; 4];
    let calls = [
        (Method::GET, "/pypi/simple/banana/".to_owned()),
        (Method::GET, format!("/pypi/files/{id}/{file}")),
        (Method::GET, format!("/pypi/files/{id}/{file}.metadata")),
        (Method::POST, "/pypi/".to_owned()),
    ];
    for (status, (method, path)) in statuses.iter_mut().zip(calls) {
        *status = user.call(method, &user.native(&path)).await.status.as_u16();
    }
    statuses
}

#[tokio::test]
async fn tokens_open_what_their_scopes_name() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let id = user.publish(&wheel("banana", "1.0", "")).await.id();
    let with = async |scopes: &[Scope], registry: Option<(uuid::Uuid, packages_api::Slug)>| {
        let token = NewToken {
            scopes: scopes.to_vec(),
            registry,
            ..NewToken::default()
        };
        let (mut other, _) = app.user_of(token).await;
        other.http = user.http.clone();
        other.at(ORGANIZATION, PYTHON)
    };
    let own = app
        .records
        .registry(&"my_great_org/my-wheels".parse().expect("an address"))
        .await;
    let own = own.expect("a registry").id;
    let restricted_to = |id, registry: &str| Some((id, registry.parse().expect("a slug")));
    let other = app.create_registry("other-wheels", Ecosystem::Python).await.id;
    let (read, all) = ([Scope::ReadPackages], Scope::ALL);
    // An upload without a form is a 400 to whoever may publish.
    for (name, client, expected) in [
        ("all", user.clone(), [200, 302, 200, 400]),
        ("none", user.authorized(None), [401; 4]),
        ("unknown", user.authorized(Some("Bearer pkgs_unknown")), [401; 4]),
        ("reader", with(&read, None).await, [200, 302, 200, 403]),
        (
            "publisher",
            with(&[Scope::CreatePackages], None).await,
            [403, 403, 403, 400],
        ),
        (
            "restricted to it",
            with(&all, restricted_to(own, PYTHON)).await,
            [200, 302, 200, 400],
        ),
        (
            "restricted to another",
            with(&all, restricted_to(other, "other-wheels")).await,
            [404; 4],
        ),
        (
            "stranger",
            app.stranger().await.at(ORGANIZATION, PYTHON),
            [404; 4],
        ),
        (
            "other registry",
            user.at(ORGANIZATION, "other-wheels"),
            [404, 404, 404, 400],
        ),
        ("no registry", user.at(ORGANIZATION, "no-wheels"), [404; 4]),
    ] {
        assert_eq!(statuses(&client, &id).await, expected, "{name}");
    }
}

#[tokio::test]
async fn jobs_install_what_a_policy_lets_them() {
    let jobs = Jobs::start().await;
    let user = user_of(&jobs.app).await;
    jobs.set_policy(PYTHON, crate::support::jobs::POLICY).await;
    let id = user.publish(&wheel("banana", "1.0", "")).await.id();
    let job = |registry: &str| {
        let token = P256.token("one", &jobs.claims(registry));
        user.authorized(Some(&format!("Bearer {token}")))
    };
    assert_eq!(statuses(&job(PYTHON), &id).await, [200, 302, 200, 400]);
    assert_eq!(statuses(&job("my-registry"), &id).await, [401; 4]);
}
