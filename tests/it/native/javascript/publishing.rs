//! `npm publish`.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::npm::{document, npm_user, tarball};

fn fruit() -> Value {
    json!({"name": "fruit", "version": "1.0.0", "dependencies": {"left-pad": "^1"}})
}

#[tokio::test]
async fn publishes_and_the_api_are_one_road() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    assert_eq!(user.npm_publish(&fruit(), "latest").await.status, 201);
    let contents = app.contents().await;
    // The same bytes again are the first package, by either road.
    assert_eq!(user.npm_publish(&fruit(), "latest").await.status, 201);
    let file = tarball(&fruit());
    let id = user.publish(&file).await.id();
    assert_eq!(app.contents().await, contents);
    let package = user.get(&id).await.json();
    assert_eq!(package["filename"], "fruit-1.0.0.tgz");
    // Other bytes are a conflict that names the holder.
    let mut other = fruit();
    other["description"] = "another".into();
    let answer = user.npm_publish(&other, "latest").await;
    let expected = format!(
        "fruit 1.0.0 is published already, with other content, as package {id}. Publish this file as a new version, or \
         delete that package first."
    );
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (409, json!({"error": expected}))
    );
    assert_eq!(app.contents().await, contents);
}

/// Documents that differ from the tarball, and the beginning of what is said of each.
fn other_documents() -> Vec<(Value, &'static str)> {
    let file = tarball(&fruit());
    let sent = document(&fruit(), "latest", &file);
    let change = |path: &str, value: Value| {
        let mut sent = sent.clone();
        *sent.pointer_mut(path).expect(path) = value;
        sent
    };
    let version = "/versions/1.0.0";
    let damaged = {
        let mut manifest = fruit();
        manifest["dist"] = json!({"integrity": "sha512-AAAA"});
        change(version, manifest)
    };
    let attachment = "/_attachments/fruit-1.0.0.tgz";
    vec![
        (
            change("/name", "nuts".into()),
            "The document's `name` is not `fruit`",
        ),
        (
            change("/versions/1.0.0/dependencies", json!({"left-pad": "^2"})),
            "The `dependencies` and `optionalDependencies`",
        ),
        (damaged, "The tarball has the integrity sha512-"),
        (
            change("/versions", json!({"2.0.0": fruit()})),
            "`dist-tags` does not hold one tag of the version",
        ),
        (
            change("/versions", json!({})),
            "`versions` does not hold the one version",
        ),
        (
            change("/dist-tags", json!({"^1": "1.0.0"})),
            "`^1` cannot be a tag.",
        ),
        (
            change("/dist-tags", json!({"a": "1.0.0", "b": "1.0.0"})),
            "`dist-tags` does not hold one tag",
        ),
        (
            change(attachment, json!({"data": "AA=A"})),
            "The attachment's `data` is not base64.",
        ),
        (change(attachment, json!({"data": ""})), "The tarball is empty."),
        (change(attachment, json!({})), "The attachment has no `data`."),
        (
            change(attachment, json!({"data": "AAAA", "length": 4})),
            "The attachment has 3 bytes, not the 4",
        ),
        (
            change("/_attachments", json!({"a.tgz": {}, "b.tgz": {}})),
            "The body has more than one tarball",
        ),
        (json!([]), "The body is not a JSON object."),
        (json!({"_id": "fruit", "maintainers": []}), ""),
    ]
}

#[tokio::test]
async fn tarballs_are_the_truth() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let before = app.contents().await;
    for (sent, expected) in other_documents() {
        let answer = user.npm_put("fruit", &sent).await;
        let expected_status = if expected.is_empty() { 404 } else { 422 };
        let error = answer.json()["error"].as_str().expect("an error").to_owned();
        assert_eq!(answer.status, expected_status, "{error}");
        assert!(error.starts_with(expected), "{error}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn other_versions_and_broken_bodies_are_refused() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let before = app.contents().await;
    let file = tarball(&fruit());
    let other = document(&json!({"name": "fruit", "version": "2.0.0"}), "latest", &file);
    let answer = user.npm_put("fruit", &other).await;
    assert_eq!(
        answer.json()["error"],
        "The version of the request is `2.0.0`, and that in the tarball's package.json `1.0.0`. Pack it again, and \
         publish with one tool."
    );
    let path = user.native("/npm/fruit");
    for (body, status) in [(&b"{"[..], 400), (b"\xff", 400), (b"", 400)] {
        let answer = user.send(user.request(Method::PUT, &path).body(body)).await;
        assert_eq!(answer.status, status, "{body:?}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn provenance_is_left_aside_and_told() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let mut sent = document(&fruit(), "latest", &tarball(&fruit()));
    sent["_attachments"]["fruit-1.0.0.sigstore"] = json!({"data": "{}", "length": 2});
    let answer = user.npm_put("fruit", &sent).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.header("npm-notice"),
        Some(
            "The package is published. Its provenance statement is not kept: this registry does not verify any."
        )
    );
}

#[tokio::test]
async fn entries_beyond_their_bound_are_refused() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let dependencies: serde_json::Map<_, _> = (0..6000)
        .map(|number| (format!("dependency-{number}"), "^1.0.0".into()))
        .collect();
    let package = json!({"name": "fruit", "version": "1.0.0", "dependencies": dependencies});
    let answer = user.npm_publish(&package, "latest").await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text().contains("takes more than 100000 bytes"),
        "{}",
        answer.text()
    );
}
