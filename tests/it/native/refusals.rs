//! Refused publishes: what each ecosystem's client is told, whole, and what to do next.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use insta::assert_snapshot;
use packages_api::formats::Ecosystem::{self, Javascript, Python, Ruby};
use packages_api::{MAX_BODY_BYTES, Scope};
use serde_json::json;

use crate::support::answer::redacted;
use crate::support::app::{REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;
use crate::support::npm::{document, npm_user, tarball};
use crate::support::pypi::{upload_request, user_of, wheel};

/// The user of a new registry of the ecosystem, or of the one that every app has.
async fn user(app: &TestApp, ecosystem: Ecosystem) -> Client {
    match ecosystem {
        Python => user_of(app).await,
        Javascript => npm_user(app).await,
        _ => app.user.at(&app.user.organization, REGISTRY),
    }
}

/// Path to which the ecosystem's client publishes.
fn path(user: &Client, ecosystem: Ecosystem) -> (Method, String) {
    match ecosystem {
        Python => (Method::POST, user.native("/pypi/")),
        Javascript => (Method::PUT, user.native("/npm/banana")),
        _ => (Method::POST, user.native("/api/v1/gems")),
    }
}

/// The publish of `banana` 1.0.0 with this description, as the ecosystem's client sends it.
fn publish(user: &Client, ecosystem: Ecosystem, description: &str) -> reqwest::RequestBuilder {
    let (method, path) = path(user, ecosystem);
    match ecosystem {
        Python => {
            let more = format!("Summary: {description}\n");
            upload_request(user, &wheel("banana", "1.0.0", &more))
        }
        Javascript => {
            let package = json!({"name": "banana", "version": "1.0.0", "description": description});
            let body = document(&package, "latest", &tarball(&package)).to_string();
            user.request(method, &path).body(body)
        }
        _ => {
            let gem = Gem::banana().summary(description).build();
            user.request(method, &path).body(gem.bytes)
        }
    }
}

#[tokio::test]
async fn refused_publishes_say_what_to_do() {
    for ecosystem in [Ruby, Python, Javascript] {
        let app = TestApp::start().await;
        let user = user(&app, ecosystem).await;
        let first = user.send(publish(&user, ecosystem, "A fruit")).await;
        assert!(first.status.is_success(), "{}", first.text());
        let reader = app.user_with(&[Scope::ReadPackages]).await;
        let reader = reader.at(&user.organization, &user.registry);
        let large = "x".repeat(MAX_BODY_BYTES);
        let mut refusals = String::new();
        for (user, description) in [
            (&user.authorized(None), "A fruit"),
            (&reader, "A fruit"),
            (&user, "Another fruit"),
            (&user, &large),
        ] {
            let answer = user.send(publish(user, ecosystem, description)).await;
            refusals.push_str(&format!("{}: {}\n\n", answer.status, answer.text()));
        }
        assert_snapshot!(
            format!("{ecosystem}_publishes"),
            redacted(&refusals, &user.base_url)
        );
    }
}

/// Where no gateway refuses it first.
#[tokio::test]
async fn function_words_large_publishes_itself() {
    let app = TestApp::start().await;
    for ecosystem in [Ruby, Python, Javascript] {
        let user = user(&app, ecosystem).await;
        let (method, path) = path(&user, ecosystem);
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, user.authorization.as_deref().expect("a token"))
            .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(lambda_http::Body::Binary(vec![b'-'; MAX_BODY_BYTES + 1]));
        let answer = app.app.handle(request.expect("a request")).await;
        assert_eq!(answer.status(), 413, "{ecosystem}");
        let body = std::str::from_utf8(answer.body().as_ref()).expect("a text");
        let expected = match ecosystem {
            Javascript => json!({"error": packages_api::TOO_LARGE}).to_string(),
            _ => format!("{}\n", packages_api::TOO_LARGE),
        };
        assert_eq!(body, expected, "{ecosystem}");
    }
}
