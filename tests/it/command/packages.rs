//! `admin package`: the deeds on packages, by their second door.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use packages_api::Digest;
use packages_api::formats::Ecosystem;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::command;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;

const GEMS: &str = "my_great_org/my-registry";

/// A folder with these files.
fn folder(files: &[File]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        std::fs::write(folder.path().join(&file.name), &file.bytes).expect("a file");
    }
    folder
}

/// Transcripts of `admin package` with these arguments, one after another.
async fn transcripts(app: &TestApp, folder: &Path, lines: &[&str]) -> String {
    let mut transcripts = String::new();
    for line in lines {
        let line = format!("admin package {line}");
        transcripts.push_str(&command::transcript_in(&app.stack, folder, &line).await);
    }
    transcripts
}

/// Output of `admin package` with `--json`, and its exit code.
async fn json(app: &TestApp, folder: &Path, line: &str) -> (Value, i32) {
    let line = format!("admin package {line} --json");
    let output = command::run_in(&app.stack, folder, &line).await;
    let printed = serde_json::from_slice(&output.stdout);
    (
        printed.unwrap_or_else(|_| panic!("{output:?}")),
        output.status.code().expect("an exit code"),
    )
}

/// The only file's outcome.
async fn publish(app: &TestApp, folder: &Path, file: &str) -> Value {
    let (printed, code) = json(app, folder, &format!("publish {GEMS} {file}")).await;
    assert_eq!(code, 0, "{printed}");
    printed[0].clone()
}

#[tokio::test]
async fn every_verb_prints_what_it_did() {
    let app = TestApp::start().await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let folder = folder(&[Gem::banana().build()]);
    let mut printed = transcripts(
        &app,
        folder.path(),
        &[
            "publish my_great_org/my-registry banana-1.0.0.gem",
            "list my_great_org/my-registry",
        ],
    )
    .await;
    let (listed, _) = json(&app, folder.path(), &format!("list {GEMS}")).await;
    let id = listed[0]["id"].as_str().expect("an id");
    let lines = [
        format!("get {GEMS}/{id}"),
        format!("get {GEMS}/{id} --json"),
        format!("copy {GEMS}/{id} my_great_org/more-gems"),
        "list my_great_org/more-gems --json".to_owned(),
        format!("delete {GEMS}/{id}"),
        format!("delete {GEMS}/{id} --json"),
        format!("list {GEMS}"),
        format!("list {GEMS} --json"),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    printed.push_str(&transcripts(&app, folder.path(), &lines).await);
    assert_snapshot!(printed);
    assert_eq!(assert_consistent(&app.contents().await).len(), 1);
}

#[tokio::test]
async fn both_doors_show_one_package() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let folder = folder(std::slice::from_ref(&gem));
    let published = publish(&app, folder.path(), "banana-1.0.0.gem").await;
    let id = published["id"].as_str().expect("an id");
    let (shown, _) = json(&app, folder.path(), &format!("get {GEMS}/{id}")).await;
    let answered = app.user.get(id).await.json();
    for member in [
        "id",
        "name",
        "version",
        "variant",
        "filename",
        "size",
        "created_at",
        "metadata",
    ] {
        assert_eq!(shown[member], answered[member], "{member}");
    }
    for digest in ["sha256", "sha512"] {
        assert_eq!(shown[digest], answered["digests"][digest], "{digest}");
    }
    assert_eq!(app.user.download(id).await, gem.bytes);
    // Published again by the first door, it is the second door's package.
    assert_eq!(app.user.publish(&gem).await.id(), id);
}

#[tokio::test]
async fn each_file_has_its_own_outcome() {
    let app = TestApp::start().await;
    let taken = Gem::new("taken", "1.0.0");
    app.user.publish(&taken.build()).await.id();
    let folder = folder(&[
        Gem::banana().build(),
        File::new("bad.gem", "no gem"),
        File::new("empty.gem", ""),
        taken.summary("Another summary").build(),
        Gem::new("cherry", "2.0.0").platform("arm64-linux").build(),
    ]);
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    let files =
        "banana-1.0.0.gem bad.gem missing.gem empty.gem folder taken-1.0.0.gem cherry-2.0.0-arm64-linux.gem";
    let publish = format!("publish {GEMS} {files}");
    let json = format!("{publish} --jobs 1 --json");
    assert_snapshot!(transcripts(&app, folder.path(), &[&publish, &json]).await);
    assert_eq!(assert_consistent(&app.contents().await).len(), 3);
}

#[tokio::test]
async fn files_too_large_for_a_form_are_published() {
    let app = TestApp::start().await;
    let files = app.user.at(ORGANIZATION, FILES);
    // Of three parts, the last one small.
    let bytes: Vec<u8> = (0..4_300_000_u32).flat_map(u32::to_le_bytes).collect();
    let large = File::new("large-1.0.0.bin", bytes);
    let folder = folder(std::slice::from_ref(&large));
    let publish = format!("publish {ORGANIZATION}/{FILES} large-1.0.0.bin");
    let (published, _) = json(&app, folder.path(), &publish).await;
    assert_eq!(published[0]["outcome"], "published", "{published}");
    let id = published[0]["id"].as_str().expect("an id");
    let shown = files.get(id).await.json();
    assert_eq!(shown["size"], large.bytes.len());
    let digests = json!({
        "sha256": Digest::sha256(&large.bytes).to_string(),
        "sha512": Digest::sha512(&large.bytes).to_string(),
    });
    assert_eq!(shown["digests"], digests);
    assert!(files.download(id).await == large.bytes, "other bytes");

    // Once more: the first package, and nothing is sent.
    let before = app.contents().await;
    let (repeated, code) = json(&app, folder.path(), &publish).await;
    assert_eq!(repeated[0]["outcome"], "repeated", "{repeated}");
    assert_eq!(code, 0);
    assert_eq!(repeated[0]["id"], id);
    assert!(app.contents().await == before, "something was stored");
    assert_eq!(assert_consistent(&before), [id]);
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for version in 0..5 {
        let gem = Gem::new("banana", &format!("1.{version}.0"));
        ids.insert(0, app.user.publish(&gem.build()).await.id());
    }
    let other = app.user.publish(&Gem::new("cherry", "1.0.0").build()).await.id();
    let here = Path::new(".");
    let list = async |arguments: String| {
        let (listed, code) = json(&app, here, &format!("list {GEMS} {arguments}")).await;
        assert_eq!(code, 0, "{listed}");
        let listed = listed.as_array().expect("a list").iter();
        let ids = listed.map(|package| package["id"].as_str().expect("an id").to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(list("--name banana".to_owned()).await, ids);
    assert_eq!(list("--limit 1".to_owned()).await, std::slice::from_ref(&other));
    assert_eq!(list(format!("--limit 2 --after {other}")).await, ids[..2]);
    assert_eq!(list(format!("--limit 9 --after {}", ids[1])).await, ids[2..]);
    assert_eq!(list("--name durian".to_owned()).await, [""; 0]);
    assert_snapshot!(transcripts(&app, here, &[&format!("list {GEMS} --limit 2")]).await);
}

#[tokio::test]
async fn refused_deeds_change_nothing() {
    let app = TestApp::start().await;
    let folder = folder(&[Gem::banana().build()]);
    let published = publish(&app, folder.path(), "banana-1.0.0.gem").await;
    let id = published["id"].as_str().expect("an id");
    let before = app.contents().await;
    let unknown = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";
    let lines = [
        "list my_great_org/nothing".to_owned(),
        format!("get {GEMS}/{unknown}"),
        format!("delete {GEMS}/{unknown}"),
        format!("copy {GEMS}/{id} my_great_org/nothing"),
        format!("copy {GEMS}/{id} {ORGANIZATION}/{FILES}"),
        "publish my_great_org/nothing banana-1.0.0.gem".to_owned(),
    ];
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let mut printed = transcripts(&app, folder.path(), &lines).await;
    for line in [
        format!("READ_ONLY=1 admin package delete {GEMS}/{id}"),
        format!("READ_ONLY=1 admin package copy {GEMS}/{id} {GEMS}"),
        format!("READ_ONLY=1 admin package publish {GEMS} banana-1.0.0.gem"),
        format!("BUCKET_NAME=another admin package publish {GEMS} banana-1.0.0.gem"),
    ] {
        printed.push_str(&command::transcript_in(&app.stack, folder.path(), &line).await);
    }
    assert_snapshot!(printed);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn wrong_usage_of_packages_exits_with_2() {
    let app = TestApp::start().await;
    let mut codes = String::new();
    for arguments in [
        "publish my_great_org/my-registry",
        "publish my_great_org banana-1.0.0.gem",
        "publish my_great_org/my-registry banana-1.0.0.gem --jobs 0",
        "publish my_great_org/my-registry banana-1.0.0.gem --jobs 17",
        "list my_great_org",
        "list my_great_org/my-registry --limit 0",
        "list my_great_org/my-registry --limit 100001",
        "list my_great_org/my-registry --after banana",
        "get my_great_org/my-registry",
        "get my_great_org/my-registry/banana",
        "delete my_great_org/my-registry/banana",
        "copy my_great_org/my-registry/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44",
        "copy my_great_org/my-registry/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44 more",
    ] {
        let output = command::run(&app.stack, &format!("admin package {arguments}")).await;
        let code = output.status.code().expect("an exit code");
        let _ = writeln!(codes, "{code} {arguments}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments}"
        );
    }
    let wrong: Vec<_> = codes.lines().filter(|line| !line.starts_with("2 ")).collect();
    assert_eq!(wrong, [""; 0]);
}
