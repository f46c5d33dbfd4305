//! Downloads: the way to a file, and the file at its end.

use std::process::Stdio;
use std::time::Duration;

use http::Method;
use packages_api::{Digest, Scope};
use tokio::process::Command;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::gem::Gem;

fn not_following() -> reqwest::Client {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    http.build().expect("a client")
}

#[tokio::test]
async fn downloads_redirect_to_an_expiring_address() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let package = app.user.publish(&gem).await;
    let address = package.json()["download_url"].as_str().unwrap().to_owned();
    let path = address.strip_prefix(&app.user.base_url).unwrap();
    let mut user = app.user.clone();
    user.http = not_following();
    for _ in 0..2 {
        let answer = user.call(Method::GET, path).await;
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), None);
        assert_eq!(answer.text(), "");
        let location = answer.header("location").unwrap();
        let bucket = format!("{}/packages/packages/", app.stack.s3_endpoint());
        assert!(location.starts_with(&bucket), "{location}");
        assert!(location.contains("X-Amz-Expires=300"), "{location}");
        // The address opens the file to whoever has it: no token goes there.
        let file = user.http.get(location).send().await.unwrap();
        assert_eq!(file.status(), 200);
        let header = |name| file.headers()[name].to_str().unwrap();
        assert_eq!(header("content-type"), "application/octet-stream");
        assert_eq!(header("content-length"), gem.bytes.len().to_string());
        assert_eq!(
            header("content-disposition"),
            "attachment; filename=\"banana-1.0.0.gem\"; filename*=UTF-8''banana-1.0.0.gem"
        );
        assert_eq!(file.bytes().await.unwrap(), gem.bytes);
        let range = user
            .http
            .get(location)
            .header("range", "bytes=10-19")
            .send()
            .await
            .unwrap();
        assert_eq!(range.status(), 206);
        let content_range = format!("bytes 10-19/{}", gem.bytes.len());
        assert_eq!(range.headers()["content-range"], content_range.as_str());
        assert_eq!(range.bytes().await.unwrap(), gem.bytes[10..20]);
        let altered = location.replace("octet-stream", "json");
        assert_eq!(user.http.get(altered).send().await.unwrap().status(), 403);
    }
    assert_eq!(app.user.delete(&package.id()).await.status, 200);
    app.user.call(Method::GET, path).await.assert_error(404);
}

#[tokio::test]
async fn downloads_need_the_read_scope() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let path = format!("{}/{id}/download", app.user.packages());
    let stranger = app.stranger().await;
    for (user, status) in [
        (app.user.authorized(None), 401),
        (stranger.clone(), 404),
        (app.user_with(&[Scope::WritePackages]).await, 403),
    ] {
        assert_eq!(user.call(Method::HEAD, &path).await.status, status);
    }
    let get = async |user: crate::support::client::Client| user.call(Method::GET, &path).await;
    get(app.user.authorized(None)).await.assert_error(401);
    get(stranger).await.assert_error(404);
    get(app.user_with(&[Scope::WritePackages]).await)
        .await
        .assert_error(403);
    let elsewhere = app.user.at(ORGANIZATION, FILES);
    let path = format!("{}/{id}/download", elsewhere.packages());
    elsewhere.call(Method::GET, &path).await.assert_error(404);
}

#[tokio::test]
async fn downloads_cost_one_round_trip() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    proxy.clear();
    let mut user = app.user.clone();
    user.http = not_following();
    let path = format!("{}/{id}/download", user.packages());
    assert_eq!(user.call(Method::GET, &path).await.status, 302);
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
    proxy.clear();
    assert_eq!(user.call(Method::HEAD, &path).await.status, 200);
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
}

/// `curl -I`, Gradle and Homebrew ask so before they download.
#[tokio::test]
async fn head_describes_the_file_without_a_redirect() {
    let app = TestApp::start().await;
    let user = app.user.at(ORGANIZATION, FILES);
    let package = user.publish(&File::new("naïve-1.0.0.txt", "bananas")).await;
    let path = format!("{}/{}/download", user.packages(), package.id());
    let answer = user.call(Method::HEAD, &path).await;
    assert_eq!(answer.status, 200);
    let sha256 = package.json()["digests"]["sha256"]
        .as_str()
        .unwrap()
        .parse::<Digest<32>>();
    let digest = format!("sha-256=:{}:", sha256.unwrap().to_base64());
    for (name, value) in [
        ("content-length", "7"),
        ("content-type", "application/octet-stream"),
        (
            "content-disposition",
            "attachment; filename=\"na_ve-1.0.0.txt\"; filename*=UTF-8''na%C3%AFve-1.0.0.txt",
        ),
        ("accept-ranges", "bytes"),
        ("cache-control", "no-store"),
        ("repr-digest", &digest),
    ] {
        assert_eq!(answer.header(name), Some(value));
    }
    assert_eq!(answer.header("location"), None);
    assert!(answer.body.is_empty());
    // The file itself is answered with the same headers.
    let file = user.call(Method::GET, &path).await;
    for name in ["content-length", "content-type", "content-disposition"] {
        assert_eq!(file.header(name), answer.header(name));
    }
    assert_eq!(user.delete(&package.id()).await.status, 200);
    assert_eq!(user.call(Method::HEAD, &path).await.status, 404);
}

/// `curl -OJL`, as a user calls it.
#[tokio::test]
async fn curl_saves_a_file_under_its_own_name() {
    let app = TestApp::start().await;
    let user = app.user.at(ORGANIZATION, FILES);
    for (name, saved) in [
        ("banana-1.0.0.txt", "banana-1.0.0.txt"),
        ("with space+plus-1.0.0.txt", "with space+plus-1.0.0.txt"),
        // curl keeps to the name for old readers.
        ("naïve-1.0.0.txt", "na_ve-1.0.0.txt"),
    ] {
        let package = user.publish(&File::new(name, name)).await;
        assert_eq!(package.status, 200, "{}", package.text());
        let folder = tempfile::tempdir().unwrap();
        let header = format!("Authorization: {}", user.authorization.as_deref().unwrap());
        let curl = Command::new("curl")
            .args(["-sS", "-f", "-OJL", "-H", &header])
            .arg(package.json()["download_url"].as_str().unwrap())
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .status()
            .await;
        let status = curl.expect("`curl` is needed by this test: install it");
        assert!(status.success());
        assert_eq!(
            std::fs::read(folder.path().join(saved)).unwrap(),
            name.as_bytes(),
            "{name}"
        );
    }
}
