//! Pages of projects.

use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, IF_NONE_MATCH};

use super::fixture::{user_of, wheel};
use crate::support::answer::{Answer, redacted};
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::contents::put_item;

const JSON: &str = "application/vnd.pypi.simple.v1+json";

async fn page(user: &Client, name: &str, accept: &str) -> Answer {
    let request = user.request(Method::GET, &user.native(&format!("/pypi/simple/{name}/")));
    user.send(request.header(ACCEPT, accept)).await
}

/// Wheels of one project: with a requirement, in two versions, with a local version and an odd requirement.
async fn with_bananas(app: &TestApp) -> Client {
    let user = user_of(app).await;
    for (version, more) in [
        ("1.0.0", "Requires-Python: >=3.8\n"),
        ("1.1.0+local.1", "Requires-Python: >=3.8,!=3.9.*,<4&\"'\n"),
    ] {
        user.publish(&wheel("Banana.Split", version, more)).await.id();
    }
    user
}

/// A page without what no two runs have in common.
fn shown(answer: &Answer) -> String {
    let types = answer.header("content-type").expect("a type");
    redacted(
        &format!("{} {types}\n\n{}", answer.status, answer.text()),
        &answer.base_url,
    )
}

#[tokio::test]
async fn pages_are_html_and_json() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    insta::assert_snapshot!("html", shown(&page(&user, "banana-split", "text/html").await));
    insta::assert_snapshot!("json", shown(&page(&user, "banana-split", JSON).await));
    let versioned = page(&user, "banana-split", "application/vnd.pypi.simple.v1+html").await;
    let html = page(&user, "banana-split", "image/png").await;
    assert_eq!(
        versioned.header("content-type"),
        Some("application/vnd.pypi.simple.v1+html; charset=utf-8")
    );
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(versioned.text(), html.text());
}

#[tokio::test]
async fn pages_have_tags_of_their_content() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let first = page(&user, "banana-split", JSON).await;
    let tag = first.header("etag").expect("a tag").to_owned();
    let again = |accept| {
        let path = user.native("/pypi/simple/banana-split/");
        let request = user.request(Method::GET, &path).header(IF_NONE_MATCH, &tag);
        user.send(request.header(ACCEPT, accept))
    };
    let same = again(JSON).await;
    assert_eq!((same.status.as_u16(), same.text()), (304, ""));
    assert_eq!(again("text/html").await.status, 200);
    user.publish(&wheel("banana-split", "2", "")).await.id();
    assert_eq!(again(JSON).await.status, 200);
}

#[tokio::test]
async fn other_spellings_lead_to_the_normal_one() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    for spelling in ["Banana.Split/", "banana_split", "BANANA--split/", "banana-split"] {
        let path = user.native(&format!("/pypi/simple/{spelling}"));
        let answer = user.call(Method::GET, &path).await;
        assert_eq!(answer.status, 302, "{spelling}: {}", answer.text());
        let target = format!("{}{}", user.base_url, user.native("/pypi/simple/banana-split/"));
        assert_eq!(answer.header("location"), Some(&*target));
    }
}

#[tokio::test]
async fn odd_names_are_missing_projects() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let long = "a".repeat(3000);
    for name in [
        "banana",
        "banana-spli",
        "%00",
        "%F0%9F%8D%8C",
        "%22%3E%3Cscript%3E",
        "%2f",
        "a%2Fb",
        "~",
        "%7E",
        &long,
    ] {
        let answer = page(&user, name, "text/html").await;
        assert_eq!(answer.status, 404, "{name}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(
            answer.header("content-security-policy"),
            Some("sandbox; default-src 'none'")
        );
    }
    assert_eq!(
        page(&user, "banana", "text/html").await.text(),
        "The registry `my_great_org/my-wheels` has no project `banana`. Check the name, or the registry that this \
         index is of.\n"
    );
}

#[tokio::test]
async fn fifty_files_cost_one_round_trip() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = user_of(&app).await;
    for version in 1..=50 {
        user.publish(&wheel("banana", &version.to_string(), ""))
            .await
            .id();
    }
    proxy.clear();
    let files = |answer: &Answer| answer.json()["files"].as_array().expect("files").len();
    assert_eq!(files(&page(&user, "banana", JSON).await), 50);
    let mut calls = proxy.calls();
    calls.sort();
    assert_eq!(calls, ["BatchGetItem", "Query"], "at the same time");
    for version in 51..=60 {
        user.publish(&wheel("banana", &version.to_string(), ""))
            .await
            .id();
    }
    proxy.clear();
    let all = page(&user, "banana", JSON).await;
    assert_eq!(files(&all), 60);
    let versions: Vec<_> = (1..=60).rev().map(|version: u8| version.to_string()).collect();
    assert_eq!(
        all.json()["versions"],
        serde_json::json!(versions),
        "each once, newest first"
    );
    assert_eq!(proxy.calls().len(), 3);
}

/// Records of earlier versions have neither facts nor file names.
#[tokio::test]
async fn records_without_facts_are_completed() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let large = format!(
        "Requires-Python: >={}\nSummary: {}\n",
        "9".repeat(990),
        "s".repeat(20_000)
    );
    user.publish(&wheel("banana-split", "3", &large)).await.id();
    let expected = page(&user, "banana-split", JSON).await;
    let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    let contents = app.contents().await;
    let names = contents.of_kind("names");
    assert_eq!(
        names
            .iter()
            .filter(|(_, item)| item.contains_key("facts"))
            .count(),
        2
    );
    for (_, item) in names {
        let mut item = item.clone();
        for attribute in ["facts", "filename", "size", "variant", "normalized_version"] {
            item.remove(attribute);
        }
        let put = client
            .put_item()
            .table_name(app.stack.table())
            .set_item(Some(item));
        put.send().await.expect("a writable table");
    }
    assert_eq!(page(&user, "banana-split", JSON).await.text(), expected.text());
}

#[tokio::test]
async fn earlier_registries_of_the_address_stay_hidden() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let deleted = user.call(Method::DELETE, &user.own_registry()).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    app.create_registry(super::fixture::PYTHON, packages_api::Ecosystem::Python)
        .await;
    assert_eq!(page(&user, "banana-split", JSON).await.status, 404);
    user.publish(&wheel("banana-split", "9", "")).await.id();
    let versions = page(&user, "banana-split", JSON).await.json()["versions"].clone();
    assert_eq!(versions, serde_json::json!(["9"]));
}

#[tokio::test]
async fn lists_of_projects_show_every_publish() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let list = async |accept| {
        let request = user.request(Method::GET, &user.native("/pypi/simple/"));
        user.send(request.header(ACCEPT, accept)).await
    };
    let id = user.publish(&wheel("Apple", "1", "")).await.id();
    insta::assert_snapshot!("names_json", shown(&list(JSON).await));
    insta::assert_snapshot!("names_html", shown(&list("text/html").await));
    user.delete(&id).await;
    let names = list(JSON).await.json()["projects"].clone();
    assert_eq!(names, serde_json::json!([{"name": "banana-split"}]));
}

/// A page without that file would be wrong, and be kept by whoever read it.
#[tokio::test]
async fn files_without_metadata_are_errors() {
    let app = TestApp::start().await;
    let user = with_bananas(&app).await;
    let large = format!("Summary: {}\n", "s".repeat(20_000));
    user.publish(&wheel("banana-split", "3", &large)).await.id();
    let contents = app.contents().await;
    for (_, item) in contents.of_kind("names") {
        let mut item = item.clone();
        item.remove("facts");
        put_item(&app.stack, item).await;
    }
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let objects = contents.objects.into_keys();
    for key in objects.filter(|key| key.starts_with("metadata/")) {
        let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
        delete.send().await.expect("a writable bucket");
    }
    let answer = page(&user, "banana-split", JSON).await;
    assert_eq!(answer.status, 500);
    assert!(
        answer.text().contains("cannot be read. Repeat the request"),
        "{}",
        answer.text()
    );
}
