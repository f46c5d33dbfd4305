//! Credentials, headers and refusals, which are the same in every protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use reqwest::redirect::Policy;

use crate::support::File;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::zip::zip;

const PYTHON: &str = "my-wheels";

/// A wheel that holds nothing.
fn wheel() -> File {
    let metadata: &[u8] = b"Metadata-Version: 2.1\nName: banana\nVersion: 1.0.0\n";
    let wheel: &[u8] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let files = [
        ("banana-1.0.0.dist-info/METADATA", metadata),
        ("banana-1.0.0.dist-info/WHEEL", wheel),
        ("banana-1.0.0.dist-info/RECORD", b""),
    ];
    File::new("banana-1.0.0-py3-none-any.whl", zip(&files))
}

/// A user of a registry with one wheel, who follows no redirects, and the path of that wheel.
async fn user_of_a_wheel(app: &TestApp) -> (Client, String) {
    app.create_registry(PYTHON, Ecosystem::Python).await;
    let mut user = app.user.at(ORGANIZATION, PYTHON);
    let id = user.publish(&wheel()).await.id();
    let http = reqwest::Client::builder().redirect(Policy::none());
    user.http = http.build().expect("a client");
    let path = user.native(&format!("/pypi/files/{id}/banana-1.0.0-py3-none-any.whl"));
    (user, path)
}

#[tokio::test]
async fn package_managers_may_send_tokens_in_any_form() {
    let app = TestApp::start().await;
    let (user, path) = user_of_a_wheel(&app).await;
    let bearer = user.authorization.clone().expect("a token");
    let token = bearer.strip_prefix("Bearer ").expect("a token").to_owned();
    let basic = |text: String| format!("Basic {}", BASE64.encode(text));
    for authorization in [
        bearer.clone(),
        token.clone(),
        basic(format!("token:{token}")),
        basic(format!("{token}:")),
    ] {
        let own = user.authorized(Some(&authorization));
        let answer = own.call(Method::GET, &path).await;
        assert_eq!(answer.status, 302, "{authorization}: {}", answer.text());
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        // The API takes `Bearer` alone: a browser sends its passwords from any page.
        let answer = own.call(Method::GET, &own.packages()).await;
        let expected = if authorization == bearer { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{authorization}");
    }
}

#[tokio::test]
async fn refusals_are_in_the_clients_words() {
    let app = TestApp::start().await;
    let (user, path) = user_of_a_wheel(&app).await;
    let stranger = app.stranger().await.at(ORGANIZATION, PYTHON);
    let publisher = app.user_with(&[Scope::CreatePackages]).await;
    let publisher = publisher.at(ORGANIZATION, PYTHON);
    let (other_file, other_registry) = (
        path.replace("banana-1", "apple-1"),
        path.replace(PYTHON, "my-registry"),
    );
    for (user, path, status, text) in [
        (
            &user.authorized(None),
            &path,
            401,
            "This request carries no token. Give the package manager a token as the password for this \
             registry, with `token` as the user. pip and uv send the one in the address of the index, twine the one in \
             TWINE_PASSWORD, and `uv publish` the one in UV_PUBLISH_TOKEN.\n",
        ),
        (
            &stranger,
            &path,
            404,
            "There is no organization `my_great_org`, or none that this token may know of.\n",
        ),
        (
            &publisher,
            &path,
            403,
            "This token lacks the scope `read_packages`. Use a token that has it, or ask an administrator for one.\n",
        ),
        (
            &user,
            &other_file,
            404,
            "The file of this package is called `banana-1.0.0-py3-none-any.whl`, not \
             `apple-1.0.0-py3-none-any.whl`. Read the index again.\n",
        ),
        (
            &user.at(ORGANIZATION, "my-registry"),
            &other_registry,
            404,
            "The registry `my_great_org/my-registry` holds packages of the ecosystem `ruby`, and this address \
             is one of `python` registries. Use a registry of that ecosystem.\n",
        ),
    ] {
        let answer = user.call(Method::GET, path).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, text), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        assert!(answer.header("x-request-id").is_some());
    }
}

#[tokio::test]
async fn every_answer_is_safe_in_browsers() {
    let app = TestApp::start().await;
    let (user, path) = user_of_a_wheel(&app).await;
    for user in [&user, &user.authorized(None)] {
        let answer = user.call(Method::GET, &path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("vary", "Authorization, Accept, Accept-Encoding"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{}", answer.status);
        }
    }
}

#[tokio::test]
async fn files_are_described_without_a_redirect() {
    let app = TestApp::start().await;
    let (user, path) = user_of_a_wheel(&app).await;
    let answer = user.call(Method::HEAD, &path).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-length"),
        Some(wheel().bytes.len().to_string()).as_deref()
    );
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(answer.text(), "");
}
