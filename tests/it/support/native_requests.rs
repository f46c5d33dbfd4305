//! Every kind of request of Python's, npm's and RubyGems' clients, in registries that are there already or made here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;

use super::answer::Answer;
use super::app::TestApp;
use super::client::Client;
use super::gem::Gem;
use super::npm::NPM;
use super::pypi::{upload_request, user_of, wheel};

/// Makes them all, each to its end. Expects the registry of [`npm_requests`](super::npm::npm_requests).
pub(crate) async fn native_requests(app: &TestApp) {
    python(app).await;
    javascript(&app.user.at(&app.user.organization, NPM)).await;
    ruby(&app.user).await;
}

/// Signs in as `gem signin` does.
pub(crate) async fn sign_in(user: &Client, email: &str, password: &str) -> Answer {
    let basic = format!("Basic {}", BASE64.encode(format!("{email}:{password}")));
    let user = user.authorized(Some(&basic));
    let request = user.request(Method::POST, &user.native("/api/v1/api_key"));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    user.send(request.body("name=laptop-root-20260102&push_rubygem=true"))
        .await
}

/// Asserts that a request is answered so.
async fn answered(user: &Client, method: Method, path: &str, status: u16) {
    let answer = user.call(method, &user.native(path)).await;
    assert_eq!(answer.status, status, "{path}: {}", answer.text());
}

async fn first_package(user: &Client) -> String {
    let list = user.call(Method::GET, &user.packages()).await.json();
    list["items"][0]["id"].as_str().expect("a package").to_owned()
}

async fn python(app: &TestApp) {
    let user = user_of(app).await;
    for description in ["Summary: a fruit\n", "Summary: another fruit\n"] {
        let upload = user.send(upload_request(&user, &wheel("banana", "1.0.0", description)));
        assert!([200, 409].contains(&upload.await.status.as_u16()));
    }
    let id = first_package(&user).await;
    let file = format!("/pypi/files/{id}/banana-1.0.0-py3-none-any.whl");
    for (method, path, status) in [
        (Method::GET, "/pypi/simple/", 200),
        (Method::GET, "/pypi/simple", 302),
        (Method::GET, "/pypi/simple/banana/", 200),
        (Method::GET, "/pypi/simple/Banana", 302),
        (Method::GET, "/pypi/banana/json", 200),
        (Method::GET, &file, 302),
        (Method::HEAD, &file, 200),
        (Method::GET, &format!("{file}.metadata"), 200),
    ] {
        answered(&user, method, path, status).await;
    }
}

async fn javascript(user: &Client) {
    let revision = user.npm_get("fruit?write=true").await.json();
    let revision = revision["_rev"].as_str().expect("a revision").to_owned();
    let id = first_package(user).await;
    let package = user.get(&id).await.json();
    let tarball = format!(
        "/npm/fruit/-/{id}/{}",
        package["filename"].as_str().expect("a name")
    );
    for (method, path, status) in [
        (Method::GET, "/npm/-/ping", 200),
        (Method::GET, "/npm/-/whoami", 200),
        (Method::GET, "/npm/-/v1/search?text=fruit", 200),
        (Method::GET, "/npm/fruit/latest", 200),
        (Method::GET, "/npm/-/package/fruit/dist-tags", 200),
        (Method::DELETE, "/npm/-/package/fruit/dist-tags/stable", 200),
        (Method::DELETE, &format!("{tarball}/-rev/{revision}"), 200),
    ] {
        answered(user, method, path, status).await;
    }
    for path in ["advisories/bulk", "audits", "audits/quick"] {
        let path = user.native(&format!("/npm/-/npm/v1/security/{path}"));
        assert_eq!(user.call_with(Method::POST, &path, &json!({})).await.status, 200);
    }
    user.npm_release("nut", "1.0.0", "latest").await;
    let revision = user.npm_get("nut?write=true").await.json();
    let revision = revision["_rev"].as_str().expect("a revision").to_owned();
    answered(user, Method::DELETE, &format!("/npm/nut/-rev/{revision}"), 200).await;
}

async fn ruby(user: &Client) {
    let push = user.request(Method::POST, &user.native("/api/v1/gems"));
    let push = user.send(push.body(Gem::new("cherry", "1.0.0").build().bytes));
    assert_eq!(push.await.status, 200);
    for (method, path, status) in [
        (Method::HEAD, "/", 200),
        (Method::GET, "/versions", 200),
        (Method::GET, "/names", 200),
        (Method::GET, "/specs.4.8.gz", 200),
        (Method::GET, "/info/cherry", 200),
        (Method::HEAD, "/gems/cherry-1.0.0.gem", 200),
        (Method::GET, "/quick/Marshal.4.8/cherry-1.0.0.gemspec.rz", 200),
        (Method::GET, "/api/v1/gems/cherry/owners.yaml", 404),
    ] {
        answered(user, method, path, status).await;
    }
    let token = user
        .authorization
        .as_deref()
        .and_then(|text| text.strip_prefix("Bearer "));
    let signed_in = sign_in(user, "ada@example.com", token.expect("a token")).await;
    assert_eq!(signed_in.status, 200, "{}", signed_in.text());
    let yank = user.request(Method::DELETE, &user.native("/api/v1/gems/yank"));
    let yank = user.send(yank.body("gem_name=cherry&version=1.0.0")).await;
    assert_eq!(yank.status, 200, "{}", yank.text());
}
