//! RubyGems and Bundler: what their requests are answered. `.ci/clients/ruby` runs the clients themselves.

use std::io::Read as _;
use std::time::Duration;

use http::Method;
use packages_api::formats::Ecosystem;
use packages_api::{Digest, Scope};
use reqwest::redirect::Policy;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;

/// A user who follows no redirects.
fn not_following(user: &Client) -> Client {
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
    // Compressed, the tag and the digest are still those of the text, which is what Bundler compares.
    for version in 2..20 {
        push(user, &Gem::new("banana", &format!("{version}")).build()).await;
    }
    let answer = ask(&[("accept-encoding", "gzip")]).await;
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
async fn gems_are_found_by_their_full_names() {
    let app = TestApp::start().await;
    let user = not_following(&app.user);
    let gems = [
        Gem::banana().build(),
        Gem::banana().platform("x86_64-linux").build(),
        Gem::new("banana-1", "2.0").build(),
        Gem::new("with_all.kinds-OF", "0.1.pre.2").build(),
        Gem::new("old", "1").platform("universal-darwin-9").build(),
    ];
    for gem in &gems {
        // The name under which it was uploaded does not matter.
        let other = File::new("whatever.bin", gem.bytes.clone());
        assert_eq!(user.publish(&other).await.status, 200);
    }
    for gem in &gems {
        let path = user.native(&format!("/gems/{}", gem.name));
        let answer = user.call(Method::GET, &path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (302, Some("no-store"))
        );
        let file = user
            .http
            .get(answer.header("location").expect("a location"))
            .send()
            .await;
        let file = file.expect("the file");
        let saved = format!("attachment; filename=\"{0}\"; filename*=UTF-8''{0}", gem.name);
        assert_eq!(file.headers()["content-disposition"], saved.as_str());
        assert_eq!(file.bytes().await.expect("bytes"), gem.bytes);
        let head = user.call(Method::HEAD, &path).await;
        assert_eq!(head.status, 200);
        assert_eq!(
            head.header("content-length"),
            Some(gem.bytes.len().to_string().as_str())
        );
        let specification = get(&user, &format!("/quick/Marshal.4.8/{}spec.rz", gem.name)).await;
        assert_eq!(
            specification.header("content-type"),
            Some("application/octet-stream")
        );
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::ZlibDecoder::new(&specification.body[..]);
        decoder.read_to_end(&mut unpacked).expect("zlib");
        assert!(
            unpacked.starts_with(b"\x04\x08u:\x17Gem::Specification"),
            "{}",
            gem.name
        );
    }
    for missing in [
        "/gems/banana-1.0.1.gem",
        "/gems/banana-1.0.0-java.gem",
        "/gems/banana.gem",
        "/gems/banana-1.0.0",
        "/gems/..%2Fbanana-1.0.0.gem",
        "/gems/%00-1.gem",
        &format!("/gems/{}-1.gem", "n".repeat(5000)),
        &format!("/gems/n{}.gem", "-1".repeat(2000)),
        "/quick/Marshal.4.8/banana-1.0.1.gemspec.rz",
        "/quick/Marshal.4.8/banana-1.0.0.gem",
    ] {
        let answer = get(&user, missing).await;
        assert_eq!(answer.status, 404, "{missing}");
        assert!(
            answer.text().starts_with("There is no gem for the file"),
            "{}",
            answer.text()
        );
    }
}

#[tokio::test]
async fn pushes_end_in_the_api_publishes() {
    let app = TestApp::start().await;
    let user = &app.user;
    let gem = Gem::banana().platform("java").build();
    assert_eq!(
        said(&push(user, &gem).await),
        (200, "Successfully registered gem: banana (1.0.0-java)\n")
    );
    assert_eq!(
        said(&push(user, &gem).await),
        (200, "This gem is there already: banana (1.0.0-java)\n")
    );
    // `gem` has two slashes where its host ends in one.
    let request = user.request(Method::POST, &user.native("//api/v1/gems"));
    let second = user.send(request.body(Gem::banana().build().bytes)).await;
    assert_eq!(
        said(&second),
        (200, "Successfully registered gem: banana (1.0.0)\n")
    );
    let list = user.call(Method::GET, &user.packages()).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(2));
    let id = list["items"][1]["id"].as_str().expect("an id");
    let package = user.get(id).await.json();
    for (field, value) in [
        ("filename", "banana-1.0.0-java.gem"),
        ("name", "banana"),
        ("variant", "java"),
    ] {
        assert_eq!(package[field], value);
    }
    let other = push(user, &Gem::banana().platform("java").summary("Other").build()).await;
    let message = format!(
        "banana 1.0.0 (java) is published already, with other content, as package {id}. Publish this file as a \
         new version, or delete that package first.\n"
    );
    assert_eq!(said(&other), (409, message.as_str()));
    let refused = push(user, &File::new("x", "no gem")).await;
    let message = "This is a text file, but the registry holds gems (`.gem`); publish the package that your build made.\n";
    assert_eq!(said(&refused), (422, message));
    let large = push(user, &File::new("x", vec![0; 5 * 1024 * 1024])).await;
    assert_eq!(large.status, 413);
    assert!(large.text().contains("upload"), "{}", large.text());
}

#[tokio::test]
async fn yanks_end_in_the_api_deletes() {
    let app = TestApp::start().await;
    let user = &app.user;
    let id = user.publish(&Gem::banana().build()).await.id();
    user.publish(&Gem::banana().platform("java").build()).await.id();
    for (form, status, text) in [
        (
            "gem_name=banana&version=1.0.1",
            404,
            "There is no gem banana 1.0.1 (ruby) in the registry `my_great_org/my-registry`. Name its platform with \
             --platform where it is not `ruby`.\n",
        ),
        (
            "version=1.0.0",
            422,
            "The form does not name a gem. Send `gem_name`, `version`, and `platform` unless it is `ruby`.\n",
        ),
        (
            "gem_name=%2e%2e%2fbanana&version=1.0.0",
            422,
            "The form does not name a gem. Send `gem_name`, `version`, and `platform` unless it is `ruby`.\n",
        ),
        (
            "gem_name=banana&version=1.0.0",
            200,
            "Successfully deleted gem: banana (1.0.0)\n",
        ),
    ] {
        assert_eq!(said(&yank(user, form).await), (status, text), "{form}");
    }
    user.get(&id).await.assert_error(404);
    let yanked = yank(user, "gem_name=banana&version=1.0.0&platform=java").await;
    assert_eq!(
        said(&yanked),
        (200, "Successfully deleted gem: banana (1.0.0-java)\n")
    );
    assert_eq!(get(user, "/info/banana").await.status, 404);
}

#[tokio::test]
async fn tokens_open_what_their_scopes_say() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    app.user.publish(&gem).await.id();
    let stranger = app.stranger().await.at(ORGANIZATION, "my-registry");
    let (reader, publisher, deleter) = (
        app.user_with(&[Scope::ReadPackages]).await,
        app.user_with(&[Scope::CreatePackages]).await,
        app.user_with(&[Scope::DeletePackages]).await,
    );
    let other_ecosystem = app.user.at(ORGANIZATION, FILES);
    let missing = app.user.at(ORGANIZATION, "no-such-registry");
    for (user, read, pushed, yanked) in [
        (&app.user.authorized(None), 401, 401, 401),
        (&app.user.authorized(Some("pkgs_x")), 401, 401, 401),
        (&stranger, 404, 404, 404),
        (&other_ecosystem, 404, 404, 404),
        (&missing, 404, 404, 404),
        (&reader, 200, 403, 403),
        (&publisher, 403, 200, 403),
        // The last one, since it deletes.
        (&deleter, 403, 403, 200),
    ] {
        for path in [
            "",
            "/",
            "/info/banana",
            "/gems/banana-1.0.0.gem",
            "/quick/Marshal.4.8/banana-1.0.0.gemspec.rz",
        ] {
            let answer = user.call(Method::HEAD, &user.native(path)).await;
            assert_eq!(answer.status, read, "{path} by {user:?}");
        }
        let push = push(user, &gem).await;
        assert_eq!(push.status, pushed, "{}", push.text());
        let yank = yank(user, "gem_name=banana&version=1.0.0").await;
        assert_eq!(yank.status, yanked, "{}", yank.text());
        // RubyGems would ask people for an account that there is not.
        assert!(!push.text().starts_with("The API key doesn't have access"));
    }
    let unauthorized = push(&app.user.authorized(None), &gem).await;
    assert!(
        unauthorized.text().contains("GEM_HOST_API_KEY"),
        "{}",
        unauthorized.text()
    );
    assert_eq!(
        unauthorized.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
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
