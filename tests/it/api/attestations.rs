//! Attestations, kept beside a package and given back as they were sent.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use packages_api::formats::Ecosystem;
use packages_api::sweep::Sweep;
use packages_api::{Digest, Files, Scope};
use serde_json::json;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::lines::renderers;
use crate::support::uploads::posted;

/// A bundle of one statement about a file of these bytes.
pub(crate) fn bundle_of(bytes: &[u8]) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "file", "digest": { "sha256": Digest::sha256(bytes).to_string() } }],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {},
    });
    let envelope = json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": STANDARD.encode(statement.to_string()),
        "signatures": [{ "sig": "c2lnbmVk" }],
    });
    format!("{envelope}\n")
}

/// A bundle as the publish plugin sends it.
fn bundle_file(bundle: &str) -> Part {
    Part::new(
        "Content-Disposition: form-data; name=\"attestation_bundle\"; filename=\"bundle.jsonl\"\r\n\
         Content-Type: application/octet-stream",
        bundle,
    )
}

impl Client {
    pub(crate) async fn publish_attested(&self, file: &File, bundle: &str) -> Answer {
        let parts = [Part::file("form-data", file), bundle_file(bundle)];
        self.publish_form(Form::of(&parts)).await
    }

    pub(crate) async fn attestations(&self, id: &str) -> Answer {
        self.call(Method::GET, &format!("{}/{id}/attestations", self.packages()))
            .await
    }
}

#[tokio::test]
async fn attestations_are_given_back_as_they_were_sent() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let bundle = bundle_of(&gem.bytes);
    let published = app.user.publish_attested(&gem, &bundle).await;
    let id = published.id();
    let address = format!("{}{}/{id}/attestations", app.user.base_url, app.user.packages());
    assert_eq!(published.json()["attestations_url"], address.as_str());
    assert_eq!(app.user.get(&id).await.text(), published.text());
    let attestations = app.user.attestations(&id).await;
    assert_eq!(attestations.status, 200);
    assert_eq!(attestations.header("content-type"), Some("application/jsonl"));
    assert_eq!(attestations.text(), bundle);
    // As a field, and beside an upload.
    let other = Gem::new("other", "1.0.0").build();
    let (_, url) = posted(&app, &other).await;
    let bundle = bundle_of(&other.bytes);
    let parts = [
        Part::field("package_url", &url),
        Part::field("attestation_bundle", &bundle),
    ];
    let id = app.user.publish_form(Form::of(&parts)).await.id();
    assert_eq!(app.user.attestations(&id).await.text(), bundle);
    assert_consistent(&app.contents().await);
}

#[tokio::test]
async fn packages_without_attestations_have_no_address_of_them() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let published = app.user.publish(&gem).await;
    assert_eq!(published.json().get("attestations_url"), None);
    let missing = app.user.attestations(&published.id()).await;
    missing.assert_error(404);
    assert!(missing.message().contains("has no attestations"));
    // A repeat changes nothing of a package.
    let again = app.user.publish_attested(&gem, &bundle_of(&gem.bytes)).await;
    assert_eq!(again.text(), published.text());
    assert_eq!(app.contents().await.orphans(), [""; 0]);
}

#[tokio::test]
async fn attestations_of_other_files_are_refused() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let before = app.contents().await;
    for (bundle, code) in [
        (bundle_of(b"another file"), "other_subject"),
        ("{}".to_owned(), "invalid"),
        (String::new(), "empty"),
        (" ".repeat(1024 * 1024 + 1), "too_large"),
        (bundle_of(&gem.bytes).repeat(33), "too_many"),
    ] {
        let answer = app.user.publish_attested(&gem, &bundle).await;
        answer.assert_error(422);
        let errors = answer.json()["errors"].clone();
        assert_eq!(
            (&errors[0]["field"], &errors[0]["code"]),
            (&"attestation_bundle".into(), &code.into())
        );
    }
    let (key, url) = posted(&app, &gem).await;
    let parts = [
        Part::field("package_url", &url),
        Part::field("attestation_bundle", &bundle_of(b"another file")),
    ];
    app.user.publish_form(Form::of(&parts)).await.assert_error(422);
    // Nothing is left but what was posted.
    let mut after = app.contents().await;
    after.objects.remove(&key);
    assert_eq!(after, before);
    // To callers that may not publish, no mistake is told.
    let reader = app.user_with(&[Scope::ReadPackages]).await;
    reader.publish_attested(&gem, "{}").await.assert_error(403);
}

#[tokio::test]
async fn attestations_are_read_as_packages_are() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish_attested(&gem, &bundle_of(&gem.bytes)).await.id();
    app.user
        .authorized(None)
        .attestations(&id)
        .await
        .assert_error(401);
    app.stranger().await.attestations(&id).await.assert_error(404);
    for (scope, status) in [
        (Scope::ReadPackages, 200),
        (Scope::WritePackages, 403),
        (Scope::DeletePackages, 403),
    ] {
        let answer = app.user_with(&[scope]).await.attestations(&id).await;
        assert_eq!(answer.status, status, "{scope}");
    }
    app.renew_registry().await;
    app.user.attestations(&id).await.assert_error(404);
}

#[tokio::test]
async fn attestations_are_copied_and_deleted_with_their_package() {
    let app = TestApp::start().await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let gem = Gem::banana().build();
    let bundle = bundle_of(&gem.bytes);
    let id = app.user.publish_attested(&gem, &bundle).await.id();
    let copy = app.user.copy(&id, "more-gems").await.id();
    let there = app.user.at(ORGANIZATION, "more-gems");
    assert_eq!(there.attestations(&copy).await.text(), bundle);
    assert_consistent(&app.contents().await);
    assert_eq!(app.user.delete(&id).await.status, 200);
    assert_eq!(there.delete(&copy).await.status, 200);
    assert!(app.contents().await.objects.is_empty());
}

/// Deletes the attestations of a package from the bucket.
async fn lose(app: &TestApp, id: &str) {
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let key = format!("attestations/{ORGANIZATION}/{REGISTRY}/{id}");
    let deleted = s3
        .delete_object()
        .bucket(app.stack.bucket())
        .key(key)
        .send()
        .await;
    deleted.expect("a writable bucket");
}

#[tokio::test]
async fn lost_attestations_are_reported_and_put_back() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let bundle = bundle_of(&gem.bytes);
    let (_, url) = posted(&app, &gem).await;
    let parts = [
        Part::field("package_url", &url),
        Part::field("attestation_bundle", &bundle),
    ];
    let upload = Form::of(&parts);
    let id = app.user.publish_form(upload.clone()).await.id();
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let sweep = Sweep::new(app.records.clone(), files, renderers);
    for again in [
        Form::of(&[Part::file("form-data", &gem), bundle_file(&bundle)]),
        upload,
    ] {
        lose(&app, &id).await;
        app.user.attestations(&id).await.assert_error(500);
        let report = sweep.run().await.expect("a report");
        assert_eq!(
            (report.records_without_attestations, report.records_without_file),
            (1, 0)
        );
        assert_eq!(report.missing.len(), 1);
        assert_eq!(app.user.publish_form(again).await.id(), id);
        assert_eq!(app.user.attestations(&id).await.text(), bundle);
        assert_consistent(&app.contents().await);
    }
}

#[tokio::test]
async fn sweeps_empty_deleted_registries_of_attestations() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    app.user.publish_attested(&gem, &bundle_of(&gem.bytes)).await.id();
    let deleted = app.user.call(Method::DELETE, &app.user.own_registry()).await;
    assert_eq!(deleted.status, 200);
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let report = Sweep::new(app.records.clone(), files, renderers).run().await;
    assert_eq!(report.expect("a report").removed_objects, 2);
    assert!(app.contents().await.objects.is_empty());
}

#[tokio::test]
async fn attestations_cost_no_further_round_trip() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let gem = Gem::banana().build();
    let id = app.user.publish_attested(&gem, &bundle_of(&gem.bytes)).await.id();
    // Both puts at the same time.
    let calls = ["BatchGetItem", "PutObject", "PutObject", "TransactWriteItems"];
    assert_eq!(proxy.calls(), calls);
    proxy.clear();
    app.user.attestations(&id).await;
    assert_eq!(proxy.calls(), ["BatchGetItem", "GetObject"]);
}
