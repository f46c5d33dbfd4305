//! Who may do what: each request with each kind of token.

use http::Method;
use packages_api::Scope::{self, CreatePackages, DeletePackages, ReadPackages};
use serde_json::{Value, json};

use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::npm::{NPM, document, npm_user, tarball};

/// A request, and the scope that it needs.
type Case = (Method, String, Value, Scope);

/// Requests of every kind about a package `fruit` that has one version.
async fn cases(owner: &Client) -> Vec<Case> {
    let page = owner.npm_get("fruit?write=true").await.json();
    let revision = page["_rev"].as_str().expect("a revision");
    let address = page["versions"]["1.0.0"]["dist"]["tarball"].as_str();
    let tarball_path = address.and_then(|address| address.strip_prefix(&owner.base_url));
    let tarball_path = tarball_path.expect("our own").to_owned();
    let package = json!({"name": "fruit", "version": "1.0.1"});
    let publish = document(&package, "latest", &tarball(&package));
    let native = |path: &str| owner.native(&format!("/npm/{path}"));
    let unpublish = native(&format!("fruit/-rev/{revision}"));
    let mut cases = vec![
        (Method::GET, tarball_path.clone(), json!({}), ReadPackages),
        (Method::PUT, native("fruit"), publish, CreatePackages),
        (
            Method::PUT,
            native("fruit"),
            json!({"versions": {}}),
            CreatePackages,
        ),
        (Method::PUT, native("fruit"), json!([]), CreatePackages),
        (Method::PUT, unpublish.clone(), page.clone(), DeletePackages),
        (Method::DELETE, unpublish, json!({}), DeletePackages),
        (
            Method::DELETE,
            format!("{tarball_path}/-rev/{revision}"),
            json!({}),
            DeletePackages,
        ),
    ];
    for path in [
        "fruit",
        "fruit/1.0.0",
        "-/ping",
        "-/whoami",
        "-/v1/search?text=fruit",
        "-/package/fruit/dist-tags",
    ] {
        cases.push((Method::GET, native(path), json!({}), ReadPackages));
    }
    for path in ["advisories/bulk", "audits", "audits/quick"] {
        let path = native(&format!("-/npm/v1/security/{path}"));
        cases.push((Method::POST, path, json!({}), ReadPackages));
    }
    let tag = native("-/package/fruit/dist-tags/x");
    for method in [Method::PUT, Method::POST, Method::DELETE] {
        cases.push((method, tag.clone(), json!("1.0.0"), CreatePackages));
    }
    cases
}

#[tokio::test]
async fn requests_need_the_scopes_of_their_deeds() {
    let app = TestApp::start().await;
    let owner = npm_user(&app).await;
    owner.npm_release("fruit", "1.0.0", "latest").await;
    let stranger = app.stranger().await.at(ORGANIZATION, NPM);
    let before = app.contents().await;
    for (method, path, body, needed) in cases(&owner).await {
        let send = async |user: &Client| user.call_with(method.clone(), &path, &body).await;
        assert_eq!(send(&owner.authorized(None)).await.status, 401, "{method} {path}");
        assert_eq!(send(&stranger).await.status, 404, "{method} {path}");
        let scopes = [ReadPackages, CreatePackages, DeletePackages];
        for scope in scopes.into_iter().filter(|scope| *scope != needed) {
            let user = app.user_with(&[scope]).await.at(ORGANIZATION, NPM);
            let answer = send(&user).await;
            let expected = format!(
                "This token lacks the scope `{needed}`. Use a token that has it, or ask an administrator for one."
            );
            assert_eq!(answer.status, 403, "{method} {path}");
            assert_eq!(answer.json(), json!({"error": expected}), "{method} {path}");
        }
    }
    assert_eq!(app.contents().await.of_kind("names"), before.of_kind("names"));
}

#[tokio::test]
async fn audits_say_that_nothing_is_known() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let path = user.native("/npm/-/npm/v1/security/advisories/bulk");
    let answer = user
        .call_with(Method::POST, &path, &json!({"fruit": ["1.0.0"]}))
        .await;
    assert_eq!((answer.status.as_u16(), answer.text()), (200, "{}"));
    assert_eq!(
        answer.header("npm-notice"),
        Some("This registry knows no advisories: its own packages are not audited.")
    );
    let whoami = user.npm_get("-/whoami").await.json();
    assert!(
        whoami["username"].as_str().is_some_and(|name| name.len() == 36),
        "{whoami}"
    );
    assert_eq!(user.npm_get("-/ping").await.text(), "{}");
}
