//! Files of gems by their full names: the gems themselves, and their specifications.

use std::io::Read as _;

use http::Method;

use super::ruby::{get, not_following, push};
use crate::support::File;
use crate::support::app::TestApp;
use crate::support::gem::Gem;

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
}

#[tokio::test]
async fn other_full_names_are_missing() {
    let app = TestApp::start().await;
    let user = not_following(&app.user);
    push(&user, &Gem::banana().build()).await;
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
