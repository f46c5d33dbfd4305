//! RubyGems and Bundler: what their requests are answered. `.ci/clients/ruby` runs the clients themselves.

use std::io::Read as _;
use std::time::Duration;

use http::Method;
use packages_api::Digest;
use packages_api::formats::Ecosystem;
use reqwest::redirect::Policy;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;

/// A user who follows no redirects.
pub(super) fn not_following(user: &Client) -> Client {
    let http = reqwest::Client::builder().redirect(Policy::none());
    Client {
        http: http.build().expect("a client"),
        ..user.clone()
    }
}

pub(super) async fn get(user: &Client, path: &str) -> Answer {
    user.call(Method::GET, &user.native(path)).await
}

pub(super) async fn push(user: &Client, file: &File) -> Answer {
    let request = user.request(Method::POST, &user.native("/api/v1/gems"));
    let request = request.header("content-type", "application/octet-stream");
    user.send(request.body(file.bytes.clone())).await
}

pub(super) async fn yank(user: &Client, form: &'static str) -> Answer {
    let request = user.request(Method::DELETE, &user.native("/api/v1/gems/yank"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    user.send(request.body(form)).await
}

/// Status and text of an answer.
pub(super) fn said(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.text())
}

/// The line of a test's gem in `info/{name}`.
fn line(number: &str, file: &File) -> String {
    let sha256 = Digest::sha256(&file.bytes);
    format!("{number} rack:>= 2.0|checksum:{sha256},ruby:>= 2.7.0\n")
}

#[tokio::test]
async fn infos_list_gems_in_order_of_publication() {
    let app = TestApp::start().await;
    let user = &app.user;
    let gems = [
        ("2.0.0", Gem::new("banana", "2.0.0").build()),
        (
            "1.0.0-x86_64-linux",
            Gem::banana().platform("x86_64-linux").build(),
        ),
        ("1.0.0", Gem::banana().build()),
    ];
    let mut expected = "---\n".to_owned();
    for (number, gem) in &gems {
        assert_eq!(push(user, gem).await.status, 200);
        expected += &line(number, gem);
        let info = get(user, "/info/banana").await;
        assert_eq!(said(&info), (200, expected.as_str()));
    }
    // Of other names, and of the same name elsewhere, nothing shows.
    push(user, &Gem::new("banana-split", "1").build()).await;
    let info = get(user, "/info/banana").await;
    assert_eq!(info.text(), expected);
    for (name, value) in [
        ("content-type", "text/plain; charset=utf-8".to_owned()),
        ("etag", format!("\"{}\"", Digest::md5(expected.as_bytes()))),
        (
            "repr-digest",
            format!("sha-256=:{}:", Digest::sha256(expected.as_bytes()).to_base64()),
        ),
        ("cache-control", "private, no-cache".to_owned()),
        ("accept-ranges", "bytes".to_owned()),
    ] {
        assert_eq!(info.header(name), Some(value.as_str()));
    }
    assert_eq!(yank(user, "gem_name=banana&version=2.0.0").await.status, 200);
    let info = get(user, "/info/banana").await;
    assert_eq!(info.text(), expected.replace(&line("2.0.0", &gems[0].1), ""));
    assert_eq!(
        said(&get(user, "/info/apple").await),
        (
            404,
            "There is no gem `apple` in the registry `my_great_org/my-registry`.\n"
        )
    );
}

#[tokio::test]
async fn bundlers_copies_are_renewed_by_parts() {
    let app = TestApp::start().await;
    let user = &app.user;
    push(user, &Gem::banana().build()).await;
    let copy = get(user, "/info/banana").await;
    let tag = copy.header("etag").expect("a tag").to_owned();
    let range = format!("bytes={}-", copy.body.len() - 1);
    let ask = async |headers: &[(&str, &str)]| {
        let request = user.request(Method::GET, &user.native("/info/banana"));
        let add =
            |request: reqwest::RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        user.send(headers.iter().fold(request, add)).await
    };
    let both = [("if-none-match", tag.as_str()), ("range", range.as_str())];
    let answer = ask(&both).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    // Another gem is appended: its line alone is sent, behind the last byte of the copy.
    let second = Gem::new("banana", "1.1.0").build();
    push(user, &second).await;
    let answer = ask(&both).await;
    assert_eq!(
        said(&answer),
        (206, format!("\n{}", line("1.1.0", &second)).as_str())
    );
    let whole = get(user, "/info/banana").await;
    for header in ["etag", "repr-digest"] {
        assert_eq!(answer.header(header), whole.header(header));
    }
    let content_range = format!(
        "bytes {}-{}/{}",
        copy.body.len() - 1,
        whole.body.len() - 1,
        whole.body.len()
    );
    assert_eq!(answer.header("content-range"), Some(content_range.as_str()));
    // The copy is no beginning of what there is after a yank.
    assert_eq!(yank(user, "gem_name=banana&version=1.0.0").await.status, 200);
    let answer = ask(&both).await;
    assert_eq!(said(&answer), (200, get(user, "/info/banana").await.text()));
    // Anybody else's parts are answered as they are asked for.
    assert_eq!(said(&ask(&[("range", "bytes=0-3")]).await), (206, "---\n"));
    assert_eq!(said(&ask(&[("range", "bytes=-1")]).await), (206, "\n"));
    let outside = ask(&[("range", "bytes=9999-")]).await;
    assert_eq!(said(&outside), (416, ""));
}

#[tokio::test]
async fn compressed_infos_have_the_digests_of_the_text() {
    let app = TestApp::start().await;
    let user = &app.user;
    // Compressed, the tag and the digest are still those of the text, which is what Bundler compares.
    for version in 1..20 {
        push(user, &Gem::new("banana", &format!("{version}")).build()).await;
    }
    let request = user.request(Method::GET, &user.native("/info/banana"));
    let answer = user.send(request.header("accept-encoding", "gzip")).await;
    let mut text = String::new();
    let mut decoder = flate2::read::GzDecoder::new(&answer.body[..]);
    decoder.read_to_string(&mut text).expect("gzip");
    assert_eq!(
        answer.header("etag"),
        Some(format!("W/\"{}\"", Digest::md5(text.as_bytes())).as_str())
    );
    let digest = format!("sha-256=:{}:", Digest::sha256(text.as_bytes()).to_base64());
    assert_eq!(answer.header("repr-digest"), Some(digest.as_str()));
}

#[tokio::test]
async fn other_addresses_are_missing() {
    let app = TestApp::start().await;
    // Bundler asks for it where there is no compact index, and gives up at a 404.
    for path in [
        "/api/v1/dependencies",
        "/api/v1/dependencies?gems=rack",
        "/info/",
        "/gems/",
        "/Marshal.4.8.Z",
    ] {
        let answer = get(&app.user, path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let answer = app.user.call(Method::PUT, &app.user.native("/api/v1/gems")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow")),
        (405, Some("POST"))
    );
}

#[tokio::test]
async fn registries_made_anew_hold_nothing_of_the_old() {
    let app = TestApp::start().await;
    let user = not_following(&app.user);
    push(&user, &Gem::banana().build()).await;
    app.renew_registry().await;
    for path in [
        "/info/banana",
        "/gems/banana-1.0.0.gem",
        "/quick/Marshal.4.8/banana-1.0.0.gemspec.rz",
    ] {
        assert_eq!(get(&user, path).await.status, 404, "{path}");
    }
    assert_eq!(yank(&user, "gem_name=banana&version=1.0.0").await.status, 404);
    let gem = Gem::banana().summary("Another").build();
    assert_eq!(push(&user, &gem).await.status, 200);
    assert_eq!(
        get(&user, "/info/banana").await.text(),
        format!("---\n{}", line("1.0.0", &gem))
    );
}

#[tokio::test]
async fn each_request_costs_few_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = not_following(&app.user);
    push(&user, &Gem::banana().build()).await;
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    for (method, path, calls) in [
        (Method::HEAD, "/", &["BatchGetItem"][..]),
        (Method::GET, "/gems/banana-1.0.0.gem", &["BatchGetItem"]),
        (Method::HEAD, "/gems/banana-1.0.0.gem", &["BatchGetItem"]),
        (
            Method::GET,
            "/quick/Marshal.4.8/banana-1.0.0.gemspec.rz",
            &["BatchGetItem", "GetItem"],
        ),
    ] {
        proxy.clear();
        let answer = user.call(method.clone(), &user.native(path)).await;
        assert!(
            matches!(answer.status.as_u16(), 200 | 302),
            "{path}: {}",
            answer.status
        );
        assert_eq!(proxy.calls(), calls, "{method} {path}");
    }
    proxy.clear();
    assert_eq!(get(&user, "/info/banana").await.status, 200);
    let mut calls = proxy.calls();
    // One round trip: both are under way at the same time.
    calls.sort();
    assert_eq!(calls, ["BatchGetItem", "Query"]);
    proxy.clear();
    yank(&user, "gem_name=banana&version=1.0.0").await;
    assert_eq!(
        proxy.calls(),
        ["BatchGetItem", "GetItem", "TransactWriteItems", "DeleteObject"]
    );
}

#[tokio::test]
async fn many_gems_of_one_name_are_all_listed() {
    let app = TestApp::start().await;
    let mut expected = "---\n".to_owned();
    for version in 0..60 {
        let gem = Gem::new("banana", &format!("1.{version}")).build();
        app.user.publish(&gem).await.id();
        expected += &line(&format!("1.{version}"), &gem);
    }
    assert_eq!(get(&app.user, "/info/banana").await.text(), expected);
    // The longest names that there can be, and one more.
    let longest = "n".repeat(255);
    assert_eq!(
        push(&app.user, &Gem::new(&longest, "1").build()).await.status,
        200
    );
    assert_eq!(get(&app.user, &format!("/info/{longest}")).await.status, 200);
    for name in [
        format!("{longest}n"),
        "n".repeat(4000),
        "%00".to_owned(),
        "a%2Fb".to_owned(),
    ] {
        assert_eq!(
            get(&app.user, &format!("/info/{name}")).await.status,
            404,
            "{name}"
        );
    }
    let registry = app.create_registry("more-gems", Ecosystem::Ruby).await;
    let other = app.user.at(ORGANIZATION, registry.slug().as_str());
    assert_eq!(get(&other, "/info/banana").await.status, 404);
}
