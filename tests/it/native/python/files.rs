//! Files, and the METADATA of wheels.

use std::time::Duration;

use http::Method;

use super::fixture::{metadata, user_of, wheel};
use crate::support::File;
use crate::support::app::TestApp;
use crate::support::zip::zip;

#[tokio::test]
async fn metadata_is_answered_byte_for_byte() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = user_of(&app).await;
    let more = "Requires-Dist: apple>=1; extra == \"juice\"\nProvides-Extra: juice\n\nText \u{2603}\r\n";
    let id = user.publish(&wheel("banana", "1.0", more)).await.id();
    proxy.clear();
    let path = user.native(&format!("/pypi/files/{id}/banana-1.0-py3-none-any.whl.metadata"));
    let answer = user.call(Method::GET, &path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (200, &*metadata("banana", "1.0", more))
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("private, max-age=31536000, immutable")
    );
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    assert_eq!(proxy.calls(), ["BatchGetItem", "HeadObject", "GetObject"]);
    let page = user.native("/pypi/simple/banana/");
    let page = user.call(Method::GET, &page).await;
    let tag = answer.header("etag").expect("a tag").trim_matches('"');
    let promised = format!("data-core-metadata=\"sha256={tag}\"");
    assert!(page.text().contains(&promised), "{promised}: {}", page.text());
}

#[tokio::test]
async fn files_without_own_metadata_promise_none() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let text = metadata("apple", "1.0", "");
    let sdist = File::new("apple-1.0.zip", zip(&[("apple-1.0/PKG-INFO", text.as_bytes())]));
    let large = wheel("apple", "2.0", &format!("\n{}", "long ".repeat(250_000)));
    for (file, version) in [(&sdist, "1.0"), (&large, "2.0")] {
        let id = user.publish(file).await.id();
        let path = user.native(&format!("/pypi/files/{id}/{}.metadata", file.name));
        let answer = user.call(Method::GET, &path).await;
        assert_eq!(answer.status, 404, "{version}");
        assert_eq!(
            answer.text(),
            format!(
                "There is no METADATA at this address, which is that of `{}`. The index names the files that have \
                 one.\n",
                file.name
            )
        );
    }
    let page = user.call(Method::GET, &user.native("/pypi/simple/apple/")).await;
    assert!(!page.text().contains("metadata"), "{}", page.text());
}

#[tokio::test]
async fn links_of_a_page_lead_to_its_files() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let file = wheel("banana", "1!2.0+a.b", "");
    user.publish(&file).await.id();
    let request = user.request(Method::GET, &user.native("/pypi/simple/banana/"));
    let page = user
        .send(request.header("accept", "application/vnd.pypi.simple.v1+json"))
        .await;
    let url = page.json()["files"][0]["url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let path = url.strip_prefix(&user.base_url).expect("an absolute address");
    let answer = user.call(Method::GET, path).await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    let bucket = answer.header("location").expect("an address");
    let download = reqwest::get(bucket).await.expect("an answer");
    assert_eq!(download.bytes().await.expect("a file"), file.bytes);
}
