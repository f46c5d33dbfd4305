//! Lists of all gems of a registry: what Bundler, `gem list --remote` and `gem fetch` read.

use std::io::Read as _;

use flate2::read::GzDecoder;
use http::Method;
use packages_api::{Digest, Scope};

use super::ruby::{get, push, said, yank};
use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;

const LISTS: [&str; 5] = [
    "/versions",
    "/names",
    "/specs.4.8.gz",
    "/latest_specs.4.8.gz",
    "/prerelease_specs.4.8.gz",
];

fn unpacked(answer: &Answer) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut decoder = GzDecoder::new(&answer.body[..]);
    decoder.read_to_end(&mut bytes).expect("gzip");
    bytes
}

async fn compressed(user: &Client, path: &str) -> Answer {
    let request = user.request(Method::GET, &user.native(path));
    user.send(request.header("accept-encoding", "gzip")).await
}

/// Length of a text in Marshal, for short texts.
fn short(length: usize) -> u8 {
    u8::try_from(length + 5).expect("a short text")
}

/// `Marshal.dump` of these names, versions and platforms, with each symbol spelled out.
fn marshal(tuples: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut bytes = vec![
        4,
        8,
        b'[',
        if tuples.is_empty() { 0 } else { short(tuples.len()) },
    ];
    let text = |text: &str| {
        let head = [b'I', b'"', short(text.len())];
        [&head[..], text.as_bytes(), b"\x06:\x06ET"].concat()
    };
    for (name, version, platform) in tuples {
        bytes.extend(b"[\x08");
        bytes.extend(text(name));
        bytes.extend(b"U:\x11Gem::Version[\x06");
        bytes.extend(text(version));
        bytes.extend(text(platform));
    }
    bytes
}

/// The registry's lists, in the order of [`LISTS`].
async fn lists(user: &Client) -> Vec<Vec<u8>> {
    let mut lists = Vec::new();
    for path in LISTS {
        let answer = get(user, path).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        lists.push(if path.contains("specs") {
            unpacked(&answer)
        } else {
            answer.body.to_vec()
        });
    }
    lists
}

/// The entries of `versions`: a line for each name.
fn entries(versions: &[u8]) -> String {
    let text = std::str::from_utf8(versions).expect("UTF-8");
    let (head, entries) = text.split_once("---\n").expect("a head");
    assert!(head.starts_with("created_at: 20"), "{head}");
    entries.to_owned()
}

#[tokio::test]
async fn lists_show_each_push_and_yank_at_once() {
    let app = TestApp::start().await;
    let user = &app.user;
    let empty = lists(user).await;
    assert_eq!(entries(&empty[0]), "");
    assert_eq!(empty[1], b"---\n");
    assert_eq!(empty[2..], [marshal(&[]), marshal(&[]), marshal(&[])]);
    for gem in [
        Gem::new("plum", "1.10"),
        Gem::banana(),
        Gem::new("plum", "1.9"),
        Gem::new("plum", "1.9").platform("java"),
        Gem::new("plum", "2.0.rc1"),
    ] {
        assert_eq!(push(user, &gem.build()).await.status, 200);
    }
    let all = lists(user).await;
    let mut expected = String::new();
    for (name, numbers) in [("banana", "1.0.0"), ("plum", "1.10,1.9,1.9-java,2.0.rc1")] {
        let info = get(user, &format!("/info/{name}")).await;
        expected += &format!("{name} {numbers} {}\n", Digest::md5(&info.body));
    }
    assert_eq!(entries(&all[0]), expected);
    assert_eq!(all[1], b"---\nbanana\nplum\n");
    let banana = ("banana", "1.0.0", "ruby");
    let (ten, nine, java) = (
        ("plum", "1.10", "ruby"),
        ("plum", "1.9", "ruby"),
        ("plum", "1.9", "java"),
    );
    assert_eq!(all[2], marshal(&[banana, ten, nine, java]));
    assert_eq!(all[3], marshal(&[banana, java, ten]));
    assert_eq!(all[4], marshal(&[("plum", "2.0.rc1", "ruby")]));
    for form in ["gem_name=plum&version=1.10", "gem_name=banana&version=1.0.0"] {
        assert_eq!(yank(user, form).await.status, 200);
    }
    let rest = lists(user).await;
    let info = get(user, "/info/plum").await;
    let expected = format!("plum 1.9,1.9-java,2.0.rc1 {}\n", Digest::md5(&info.body));
    assert_eq!(entries(&rest[0]), expected);
    assert_eq!(rest[1], b"---\nplum\n");
    assert_eq!(rest[3], marshal(&[java, nine]));
}

#[tokio::test]
async fn versions_hold_the_digest_of_every_info() {
    let app = TestApp::start().await;
    let user = &app.user;
    for (name, version, platform) in [
        ("A.b_c-D", "0.0.0.1", "ruby"),
        ("a-1", "2.0", "ruby"),
        ("a", "1", "2.1"),
        ("zz", "1.0.0.pre.1", "x86_64-linux-musl"),
        (&"n".repeat(200), "1", "universal-darwin-9"),
    ] {
        let gem = Gem::new(name, version).platform(platform);
        assert_eq!(push(user, &gem.build()).await.status, 200, "{name}");
    }
    let versions = entries(&get(user, "/versions").await.body);
    assert_eq!(versions.lines().count(), 5);
    for line in versions.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let info = get(user, &format!("/info/{}", words[0])).await;
        assert_eq!(words[2], Digest::md5(&info.body).to_string(), "{line}");
    }
}

#[tokio::test]
async fn copies_of_versions_are_renewed() {
    let app = TestApp::start().await;
    let user = &app.user;
    push(user, &Gem::banana().build()).await;
    let whole = get(user, "/versions").await;
    let text = whole.text().to_owned();
    let tag = format!("\"{}\"", Digest::md5(&whole.body));
    let digest = format!("sha-256=:{}:", Digest::sha256(&whole.body).to_base64());
    assert_eq!(whole.header("etag"), Some(tag.as_str()));
    let gzip = compressed(user, "/versions").await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert_eq!(gzip.header("etag"), Some(format!("W/{tag}").as_str()));
    assert_eq!(unpacked(&gzip), text.as_bytes());
    for answer in [&whole, &gzip] {
        assert_eq!(answer.header("repr-digest"), Some(digest.as_str()));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    }
    let ask = async |range: Option<&str>| {
        let request = user.request(Method::GET, &user.native("/versions"));
        let request = request.header("if-none-match", &tag);
        user.send(match range {
            Some(range) => request.header("range", range),
            None => request,
        })
        .await
    };
    let range = format!("bytes={}-", text.len() - 1);
    assert_eq!(said(&ask(Some(&range)).await), (304, ""));
    // A name behind all others is appended, one in front of them is not.
    push(user, &Gem::new("plum", "1").build()).await;
    let part = ask(Some(&range)).await;
    let info = get(user, "/info/plum").await;
    assert_eq!(
        said(&part),
        (206, format!("\nplum 1 {}\n", Digest::md5(&info.body)).as_str())
    );
    push(user, &Gem::new("apple", "1").build()).await;
    assert_eq!(
        said(&ask(Some(&range)).await),
        (200, get(user, "/versions").await.text())
    );
    let head = user.call(Method::HEAD, &user.native("/versions")).await;
    assert_eq!(said(&head), (200, ""));
}

#[tokio::test]
async fn lists_are_for_readers_of_the_registry() {
    let app = TestApp::start().await;
    push(&app.user, &Gem::banana().build()).await;
    let stranger = app.stranger().await.at(ORGANIZATION, "my-registry");
    for (user, status) in [
        (&app.user.authorized(None), 401),
        (&stranger, 404),
        (&app.user.at(ORGANIZATION, FILES), 404),
        (&app.user_with(&[Scope::CreatePackages]).await, 403),
        (&app.user_with(&[Scope::ReadPackages]).await, 200),
    ] {
        for path in LISTS {
            assert_eq!(get(user, path).await.status, status, "{path}");
        }
    }
    app.renew_registry().await;
    assert_eq!(entries(&get(&app.user, "/versions").await.body), "");
}
