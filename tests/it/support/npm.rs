//! Packages of npm, and the documents in which its clients publish them.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;
use packages_api::formats::Ecosystem;
use serde_json::{Value, json};

use super::File;
use super::answer::Answer;
use super::app::{ORGANIZATION, TestApp};
use super::client::Client;
use super::gem::tar;

pub(crate) const NPM: &str = "my-npm";

/// A user of a new registry of the ecosystem.
pub(crate) async fn npm_user(app: &TestApp) -> Client {
    app.create_registry(NPM, Ecosystem::Javascript).await;
    app.user.at(ORGANIZATION, NPM)
}

/// A tarball with this `package.json`.
pub(crate) fn tarball(package_json: &Value) -> File {
    let text = package_json.to_string();
    let tar = tar(&[
        ("package/package.json", text.as_bytes()),
        ("package/index.js", b"1"),
    ]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar).expect("in memory");
    File::new("package.tgz", encoder.finish().expect("in memory"))
}

/// The document in which npm publishes this file.
pub(crate) fn document(package_json: &Value, tag: &str, file: &File) -> Value {
    let text = |member: &str| package_json[member].as_str().expect("a text").to_owned();
    let (name, version) = (text("name"), text("version"));
    json!({
        "_id": name,
        "name": name,
        "dist-tags": {tag: version},
        "versions": {&version: package_json},
        "access": null,
        "_attachments": {format!("{name}-{version}.tgz"): {
            "content_type": "application/octet-stream",
            "data": BASE64.encode(&file.bytes),
            "length": file.bytes.len(),
        }},
    })
}

impl Client {
    /// Publishes as `npm publish --tag` does.
    pub(crate) async fn npm_publish(&self, package_json: &Value, tag: &str) -> Answer {
        let document = document(package_json, tag, &tarball(package_json));
        let name = package_json["name"].as_str().expect("a text");
        self.npm_put(name, &document).await
    }

    /// Publishes a package that has this name and version and nothing else.
    pub(crate) async fn npm_release(&self, name: &str, version: &str, tag: &str) {
        let answer = self
            .npm_publish(&json!({"name": name, "version": version}), tag)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    pub(crate) async fn npm_put(&self, name: &str, document: &Value) -> Answer {
        let path = self.native(&format!("/npm/{}", name.replace('/', "%2f")));
        self.call_with(Method::PUT, &path, document).await
    }

    pub(crate) async fn npm_get(&self, path: &str) -> Answer {
        self.call(Method::GET, &self.native(&format!("/npm/{path}")))
            .await
    }
}

/// Requests of npm: publishes so many that entries are kept, sets a tag, deprecates a version.
pub(crate) async fn npm_requests(app: &TestApp) {
    let user = npm_user(app).await;
    for number in 0..51 {
        user.npm_release("fruit", &format!("1.0.{number}"), "latest")
            .await;
    }
    assert_eq!(user.npm_get("fruit").await.status, 200);
    let tag = user.native("/npm/-/package/fruit/dist-tags/stable");
    let set = user.call_with(Method::PUT, &tag, &json!("1.0.1")).await;
    assert_eq!(set.status, 200);
    let mut document = user.npm_get("fruit?write=true").await.json();
    document["versions"]["1.0.1"]["deprecated"] = "sour".into();
    assert_eq!(user.npm_put("fruit", &document).await.status, 200);
}
