//! Publish, get and delete, the whole way.

use std::collections::BTreeMap;

use http::Method;
use insta::assert_snapshot;
use packages_api::Scope;
use packages_api::records::NewToken;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::contents::text;
use crate::support::gem::{Gem, tar};
use crate::support::invariants::assert_consistent;

#[tokio::test]
async fn published_gems_are_answered_as_documented() {
    let app = TestApp::start().await;
    let answer = app.user.publish(&Gem::banana().build()).await;
    assert_snapshot!(answer.rendered());
}

#[tokio::test]
async fn get_answers_what_publish_answered() {
    let app = TestApp::start().await;
    let published = app
        .user
        .publish(&Gem::banana().platform("x86_64-linux").build())
        .await;
    let got = app.user.get(&published.id()).await;
    assert_eq!((got.status, got.text()), (published.status, published.text()));
    assert_snapshot!(got.rendered());
}

#[tokio::test]
async fn versioned_files_are_published_by_their_name() {
    let app = TestApp::start().await;
    let file = File::new("notes-1.2.3-rc.1.tar.gz", b"Bananas are berries.");
    let answer = app.user.at(ORGANIZATION, FILES).publish(&file).await;
    assert_snapshot!(answer.rendered());
}

#[tokio::test]
async fn deleted_packages_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    assert_snapshot!(app.user.delete(&id).await.rendered(), @r"
    200 OK
    x-request-id: [id 1]
    ");
    assert_snapshot!(app.user.get(&id).await.rendered());
    app.user.delete(&id).await.assert_error(404);
    assert_eq!(app.contents().await.without_events(), before.without_events());
}

#[tokio::test]
async fn same_bytes_again_are_the_first_package() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let first = app.user.publish(&gem).await;
    let after_first = app.contents().await;
    let again = app.user.publish(&gem).await;
    assert_eq!((again.status, again.text()), (first.status, first.text()));
    assert_eq!(app.contents().await, after_first);
}

#[tokio::test]
async fn other_bytes_conflict_and_name_the_holder() {
    let app = TestApp::start().await;
    let first = app.user.publish(&Gem::banana().build()).await;
    let after_first = app.contents().await;
    let other = app.user.publish(&Gem::banana().summary("Another").build()).await;
    assert_snapshot!(other.rendered());
    assert!(other.message().contains(&first.id()));
    assert_eq!(app.contents().await, after_first);
}

/// So that an operator can tell who published what.
#[tokio::test]
async fn packages_carry_the_id_of_their_token() {
    let app = TestApp::start().await;
    app.create_registry("other", packages_api::formats::Ecosystem::Ruby)
        .await;
    let scopes = || NewToken {
        scopes: vec![Scope::CreatePackages, Scope::ReadPackages],
        ..NewToken::default()
    };
    let (publisher, first) = app.user_of(scopes()).await;
    let (copier, second) = app.user_of(scopes()).await;
    let gem = Gem::banana().build();
    let package = publisher.publish(&gem).await.id();
    // A repeat is no publish.
    assert_eq!(copier.publish(&gem).await.id(), package);
    let path = format!("{}/{package}/copy?to=other", copier.packages());
    let copy = copier.call(Method::POST, &path).await.id();
    let contents = app.contents().await;
    let records = contents.of_kind("packages").into_iter();
    let made_by: BTreeMap<_, _> = records
        .map(|(id, package)| (id, text(package, "published_by")))
        .collect();
    let (first, second) = (first.id.to_string(), second.id.to_string());
    let expected = [(package.as_str(), first.as_str()), (&copy, &second)];
    assert_eq!(made_by, expected.into());
}

#[tokio::test]
async fn variants_and_versions_coexist() {
    let app = TestApp::start().await;
    for gem in [
        Gem::banana(),
        Gem::banana().platform("x86_64-linux"),
        Gem::new("banana", "1.0.0.pre.1"),
        Gem::new("Banana", "1.0.0"),
    ] {
        assert_eq!(app.user.publish(&gem.build()).await.status, 200);
    }
    assert_eq!(app.contents().await.of_kind("releases").len(), 4);
}

#[tokio::test]
async fn deleted_releases_can_be_published_again() {
    let app = TestApp::start().await;
    let first = app.user.publish(&Gem::banana().build()).await.id();
    app.user.delete(&first).await;
    let second = app
        .user
        .publish(&Gem::banana().summary("Another").build())
        .await
        .id();
    assert_ne!(first, second);
    assert_eq!(app.user.get(&second).await.status, 200);
    app.user.get(&first).await.assert_error(404);
}

#[tokio::test]
async fn same_bytes_in_two_registries_are_two_packages() {
    let app = TestApp::start().await;
    app.create_registry("other", packages_api::formats::Ecosystem::Ruby)
        .await;
    let gem = Gem::banana().build();
    let here = app.user.publish(&gem).await.id();
    let there = app.user.at(ORGANIZATION, "other").publish(&gem).await.id();
    assert_ne!(here, there);
    app.user.get(&there).await.assert_error(404);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    for path in [
        "/".to_owned(),
        format!("{}/{id}", app.user.packages()),
        "/nothing".to_owned(),
    ] {
        let get = app.user.call(Method::GET, &path).await;
        let head = app.user.call(Method::HEAD, &path).await;
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-type"), Some("application/json"));
        assert_eq!(head.text(), "");
    }
}

#[tokio::test]
async fn health_needs_no_token() {
    let app = TestApp::start().await;
    let health = app.user.authorized(None).call(Method::GET, "/").await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        health.text(),
        format!(r#"{{"status":"ok","version":"{version}"}}"#)
    );
    assert_eq!(health.header("content-type"), Some("application/json"));
}

/// Over 16 kB it lies beside the file.
#[tokio::test]
async fn large_metadata_is_answered_and_removed_completely() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let summary = "Bananas are berries. ".repeat(2_000);
    let published = app.user.publish(&Gem::banana().summary(&summary).build()).await;
    let id = published.id();
    assert_eq!(published.json()["metadata"]["summary"], summary.trim_end());
    assert_eq!(app.user.get(&id).await.text(), published.text());
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [id.as_str()]);
    assert_eq!(contents.objects.len(), 2);

    let again = app.user.publish(&Gem::banana().summary(&summary).build()).await;
    assert_eq!(again.text(), published.text());
    let other = Gem::banana().summary(&summary).member("more", b"x").build();
    app.user.publish(&other).await.assert_error(409);
    assert_eq!(app.contents().await, contents);
    assert_eq!(app.user.delete(&id).await.status, 200);
    assert_eq!(app.contents().await.without_events(), before.without_events());
}

/// A gem with this summary, packed as well as it can be.
fn gem_of_summary(summary: &str) -> File {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let specification = Gem::banana().summary(summary).specification();
    std::io::Write::write_all(&mut encoder, specification.as_bytes()).expect("in memory");
    let metadata = encoder.finish().expect("in memory");
    let gem = tar(&[("metadata.gz", &metadata), ("data.tar.gz", b"")]);
    File::new("banana-1.0.0.gem", gem)
}

#[tokio::test]
async fn metadata_too_large_to_answer_is_refused() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    // Lambda carries an answer's text as JSON: a backslash of the summary is four of them there.
    for summary in ["x".repeat(5_300_000), format!("x{}", "\\".repeat(1_320_000))] {
        let answer = app.user.publish(&gem_of_summary(&summary)).await;
        assert_snapshot!("metadata_too_large_to_answer_is_refused", answer.rendered());
        assert_eq!(app.contents().await, before);
    }
    let most = format!("x{}", "\\".repeat(1_300_000));
    let published = app.user.publish(&gem_of_summary(&most)).await;
    let package = app.user.get(&published.id()).await.json();
    assert_eq!(package["metadata"]["summary"], most);
}
