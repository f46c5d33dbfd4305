//! Items as 0.1.0 wrote them: every call, the commands and the sweep read them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::records::NewToken;
use packages_api::sweep::Sweep;
use packages_api::{DEVELOPMENT_TOKEN, Files, Scope, Secret};
use serde_json::Value;

use crate::support::File;
use crate::support::app::{TestApp, slug, tester};
use crate::support::client::Client;
use crate::support::command;
use crate::support::contents::{Item, put_item};
use crate::support::gem::Gem;
use crate::support::lines::renderers;
use crate::support::uploads::{UploadForm, put};

const ORGANIZATION: &str = "old_org";
const REGISTRY: &str = "old-registry";
const PACKAGE: &str = "0191e23a-0006-7000-8000-000000000006";
const UPLOAD: &str = "0191e23a-0007-7000-8000-000000000007";
const ORPHAN: &str = "0191e23a-0009-7000-8000-000000000009";

fn file() -> File {
    File::new("hello-1.0.0.txt", "hello\n")
}

/// A registry whose table holds the items, and whose bucket holds their package's file; and a user of it.
async fn aged() -> (TestApp, Client) {
    let app = TestApp::start().await;
    for item in items(&app) {
        put_item(&app.stack, item).await;
    }
    let key = format!("packages/{ORGANIZATION}/{REGISTRY}/{PACKAGE}");
    put(&app.stack, &key, &file().bytes).await;
    let user = app.user.at(ORGANIZATION, REGISTRY);
    let user = user.authorized(Some(&format!("Bearer {DEVELOPMENT_TOKEN}")));
    (app, user)
}

/// Files of a folder of `fixtures/`.
fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/fixtures")
        .join(folder);
    let files = std::fs::read_dir(folder).expect("the fixtures");
    let paths = files.map(|file| file.expect("a file").path());
    paths.filter(|path| path.is_file()).collect()
}

/// The items of `fixtures/records-0.1.0/`, one of each kind.
fn items(app: &TestApp) -> Vec<Item> {
    let items = items_of(app, "records-0.1.0");
    assert_eq!(items.len(), 16, "one file for each kind of item");
    items
}

/// The items of a folder, one a file, as DynamoDB writes items as JSON.
fn items_of(app: &TestApp, folder: &str) -> Vec<Item> {
    let files = fixtures(folder).into_iter();
    files
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a text");
            let text = text.replace("{table}", app.stack.table());
            let text = text.replace("{bucket}", app.stack.bucket());
            let item: HashMap<String, Value> = serde_json::from_str(&text).expect("an item");
            item.iter()
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect()
        })
        .collect()
}

fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().expect("a type").iter().next().expect("a value");
    let text = || value.as_str().expect("a text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value == true),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array().expect("a list").iter().map(attribute).collect()),
        "M" => {
            let members = value.as_object().expect("a map").iter();
            AttributeValue::M(
                members
                    .map(|(name, value)| (name.clone(), attribute(value)))
                    .collect(),
            )
        }
        other => panic!("{other} is not used in records"),
    }
}

#[tokio::test]
async fn every_read_takes_old_records() {
    let (_app, user) = aged().await;
    let package = user.get(PACKAGE).await;
    insta::assert_snapshot!(package.rendered());
    let all = user.call(http::Method::GET, &user.packages()).await;
    assert_eq!(all.json()["items"][0]["id"], PACKAGE);
    let named = format!("{}?name=hello", user.packages());
    let named = user.call(http::Method::GET, &named).await;
    assert_eq!(named.json()["items"], all.json()["items"]);
    assert_eq!(user.download(PACKAGE).await, file().bytes);
}

#[tokio::test]
async fn registries_are_read_from_old_records() {
    let (app, user) = aged().await;
    let organization = app.records.organization(&slug(ORGANIZATION)).await;
    let organization = organization.expect("an old one");
    let all = NewToken {
        scopes: Scope::ALL.to_vec(),
        ..NewToken::default()
    };
    let secret = Secret::generate().expect("randomness");
    let token = app.records.create_token(&organization, &secret, all, tester());
    token.await.expect("a new token");
    let user = user.authorized(Some(&format!("Bearer {}", secret.expose())));
    let registry = user.call(http::Method::GET, &user.own_registry()).await;
    insta::assert_snapshot!(registry.rendered());
    let registries = user.call(http::Method::GET, &user.registries()).await;
    assert_eq!(registries.json(), serde_json::json!([registry.json()]));
}

/// A registry of gems as 0.1.0 left it: an index that has `apple`, and a change that brings `banana`. Of `apple` the
/// index alone is there, so whatever shows it has been read from that.
#[tokio::test]
async fn indexes_are_read_from_old_records() {
    let (app, user) = aged().await;
    let items = items_of(&app, "index-0.1.0");
    assert_eq!(
        items.len(),
        6,
        "registry, package, name, release, change and head"
    );
    for item in items {
        put_item(&app.stack, item).await;
    }
    for path in fixtures("index-0.1.0/objects") {
        let id = path.file_name().expect("a name").to_string_lossy().into_owned();
        let key = format!("indexes/{ORGANIZATION}/old-gems/{id}");
        put(&app.stack, &key, &std::fs::read(path).expect("an object")).await;
    }
    let gems = user.at(ORGANIZATION, "old-gems");
    let read = async |path: &str| gems.call(http::Method::GET, &gems.native(path)).await;
    assert_eq!(read("/names").await.text(), "---\napple\nbanana\n");
    let sha256 = packages_api::Digest::sha256(&Gem::banana().build().bytes);
    let info = format!("---\n1.0.0 rack:>= 2.0|checksum:{sha256},ruby:>= 2.7.0\n");
    assert_eq!(read("/info/banana").await.text(), info);
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

/// A token as 0.1.0 wrote it, for one registry and reading alone.
#[tokio::test]
async fn registry_tokens_are_read_from_old_records() {
    let (app, user) = aged().await;
    let registry = app.contents().await.records[&(
        format!("organization/{ORGANIZATION}"),
        format!("registry/{REGISTRY}"),
    )]
        .clone();
    let token = items(&app).into_iter().filter(|item| {
        let pk = item["pk"].as_s().expect("a key");
        item.contains_key("hash") && (pk.starts_with("token/") || pk.starts_with("organization/"))
    });
    for mut item in token {
        item.insert("registry_id".to_owned(), registry["id"].clone());
        item.insert("registry".to_owned(), registry["slug"].clone());
        let scopes = vec![AttributeValue::S("read_packages".to_owned())];
        item.insert("scopes".to_owned(), AttributeValue::L(scopes));
        put_item(&app.stack, item).await;
    }
    let organization = app
        .records
        .organization(&slug(ORGANIZATION))
        .await
        .expect("an old one");
    let secret = Secret::generate().expect("randomness");
    let all = NewToken {
        scopes: Scope::ALL.to_vec(),
        ..NewToken::default()
    };
    app.records
        .create_token(&organization, &secret, all, tester())
        .await
        .expect("a new token");
    let user = user.authorized(Some(&format!("Bearer {}", secret.expose())));
    let listed = user.call(http::Method::GET, &user.tokens()).await;
    insta::assert_snapshot!(listed.rendered());
    let id = listed.json()[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("{}/{id}", user.tokens());
    let body = serde_json::json!({ "description": "described" });
    let described = user.call_with(http::Method::PATCH, &path, &body).await;
    assert_eq!(described.json()["description"], "described");
    assert_eq!(user.call(http::Method::DELETE, &path).await.status, 200);
    assert_eq!(user.call(http::Method::GET, &user.tokens()).await.text(), "[]");
}

#[tokio::test]
async fn every_change_takes_old_records() {
    let (app, user) = aged().await;
    assert_eq!(user.publish(&file()).await.id(), PACKAGE, "a repeat");
    let other = File::new(&file().name, "other\n");
    user.publish(&other).await.assert_error(409);
    let copy = format!("{}/{PACKAGE}/copy?to={REGISTRY}", user.packages());
    assert_eq!(user.call(http::Method::POST, &copy).await.id(), PACKAGE);
    assert_eq!(user.delete(PACKAGE).await.status, 200);
    user.get(PACKAGE).await.assert_error(404);
    let contents = app.contents().await;
    let names = contents.of_kind("names");
    // The tag among the old records is of an ecosystem that has them.
    assert!(names.iter().all(|(sort_key, _)| sort_key.contains("/~tag/")));
    assert!(contents.of_kind("releases").is_empty());
    assert_ne!(user.publish(&other).await.id(), PACKAGE);
}

#[tokio::test]
async fn an_old_upload_is_published_again() {
    let (app, user) = aged().await;
    let key = format!("uploads/{ORGANIZATION}/{REGISTRY}/{UPLOAD}/{}", file().name);
    put(&app.stack, &key, &file().bytes).await;
    let form = UploadForm::of(&user.request_upload().await);
    let url = format!("{}/{key}", form.url);
    // The record names no file, so the bytes are read, and the release finds the package.
    assert_eq!(user.publish_url(&url).await.id(), PACKAGE);
}

#[tokio::test]
async fn commands_and_sweep_take_old_records() {
    let (app, _user) = aged().await;
    let orphan = format!("packages/{ORGANIZATION}/{REGISTRY}/{ORPHAN}");
    put(&app.stack, &orphan, &file().bytes).await;
    let mut transcript = String::new();
    for arguments in [
        "admin organization list",
        "admin registry list old_org",
        "admin token list old_org",
        "admin adopt --dry-run",
    ] {
        transcript.push_str(&command::transcript(&app.stack, arguments).await);
    }
    insta::assert_snapshot!(transcript);
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let report = Sweep::new(app.records.clone(), files, renderers)
        .run()
        .await
        .expect("a report");
    assert_eq!(report.stopped, None);
    assert!(report.missing.is_empty(), "{report:?}");
    let contents = app.contents().await;
    assert!(!contents.objects.contains_key(&orphan), "{report:?}");
    assert!(contents.of_kind("gone").is_empty() && contents.of_kind("sweep").is_empty());
}
