//! Documents of packages.

use http::Method;
use http::header::{ACCEPT, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use insta::assert_snapshot;
use reqwest::redirect::Policy;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::npm::{npm_user, tarball};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

#[tokio::test]
async fn documents_have_what_npm_reads() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let first = json!({
        "name": "@acme/fruit", "version": "1.0.0", "description": "Fruit", "bin": "./cli.js", "readme": "long",
        "dependencies": {"left-pad": "^1"}, "scripts": {"postinstall": "true"}, "_private": 1,
    });
    let second =
        json!({"name": "@acme/fruit", "version": "1.1.0-rc.1", "description": "Fruits", "license": "MIT"});
    assert_snapshot!(user.npm_publish(&first, "latest").await.rendered(), @r#"
    201 Created
    content-type: application/json
    x-request-id: [id 1]

    {
      "ok": true,
      "success": true
    }
    "#);
    user.npm_publish(&second, "next").await;
    let full = user.npm_get("@acme%2Ffruit").await;
    let full_json = full.json();
    let revision = full_json["_rev"].as_str().expect("a revision");
    assert_snapshot!(full.rendered().replace(revision, "[revision]"));
    // In every spelling of the name.
    for path in ["@acme/fruit", "@acme%2ffruit", "%40acme%2Ffruit"] {
        assert_eq!(user.npm_get(path).await.text(), full.text(), "{path}");
    }
    let path = user.native("/npm/@acme%2ffruit");
    let abbreviated = user.request(Method::GET, &path).header(ACCEPT, ABBREVIATED);
    let abbreviated = user.send(abbreviated).await;
    assert_eq!(abbreviated.header("content-type"), ABBREVIATED.split(';').next());
    // It has nothing that is for people alone.
    let mut expected = full_json.clone();
    for member in ["_id", "_rev", "description"] {
        expected.as_object_mut().expect("an object").remove(member);
    }
    for version in expected["versions"]
        .as_object_mut()
        .expect("versions")
        .values_mut()
    {
        for member in ["_id", "description", "scripts", "license"] {
            version.as_object_mut().expect("a version").remove(member);
        }
    }
    expected["modified"] = expected["time"]["modified"].clone();
    assert_eq!(abbreviated.json(), expected);
    let one = user.npm_get("@acme/fruit/next").await;
    assert_eq!(one.json(), full.json()["versions"]["1.1.0-rc.1"]);
    let one = user.npm_get("@acme%2ffruit/1.0.0").await;
    assert_eq!(one.json(), full.json()["versions"]["1.0.0"]);
}

#[tokio::test]
async fn clients_that_change_get_little() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_publish(
        &json!({"name": "fruit", "version": "1.0.0", "description": "long"}),
        "latest",
    )
    .await;
    let small = user.npm_get("fruit?write=true").await.json();
    let version = &small["versions"]["1.0.0"];
    let tarball = &version["dist"]["tarball"];
    assert!(
        tarball
            .as_str()
            .is_some_and(|address| address.ends_with("/fruit-1.0.0.tgz"))
    );
    assert_eq!(
        *version,
        json!({"name": "fruit", "version": "1.0.0", "dist": {"tarball": tarball}})
    );
    assert_eq!(small["description"], serde_json::Value::Null);
    let revision = |answer: crate::support::answer::Answer| answer.json()["_rev"].clone();
    let (full, small) = (
        user.npm_get("fruit").await,
        user.npm_get("fruit?write=true").await,
    );
    assert_eq!(revision(full), revision(small));
}

#[tokio::test]
async fn known_documents_are_not_sent_again() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    let path = user.native("/npm/fruit");
    let tag = user
        .npm_get("fruit")
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    let known = |tag: &str| {
        let request = user.request(Method::GET, &path).header(IF_NONE_MATCH, tag);
        // npm sends both; a date alone decides nothing.
        user.send(request.header(IF_MODIFIED_SINCE, "Fri, 31 Dec 2100 23:59:59 GMT"))
    };
    let answer = known(&tag).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    assert_eq!(known("\"other\"").await.status, 200);
    let dated = user
        .request(Method::GET, &path)
        .header(IF_MODIFIED_SINCE, "Fri, 31 Dec 2100 23:59:59 GMT");
    assert_eq!(user.send(dated).await.status, 200);
    // Whatever changes is another document.
    user.npm_release("fruit", "1.0.1", "next").await;
    let changed = known(&tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn tarballs_are_downloaded_by_their_packages_ids() {
    let app = TestApp::start().await;
    let mut user = npm_user(&app).await;
    let package = json!({"name": "@acme/fruit", "version": "1.0.0"});
    user.npm_publish(&package, "latest").await;
    let document = user.npm_get("@acme/fruit").await.json();
    let address = document["versions"]["1.0.0"]["dist"]["tarball"]
        .as_str()
        .expect("an address");
    let path = address.strip_prefix(&user.base_url).expect("our own").to_owned();
    assert_eq!(user.call(Method::GET, &path).await.body, tarball(&package).bytes);
    user.http = reqwest::Client::builder()
        .redirect(Policy::none())
        .build()
        .expect("a client");
    let answer = user.call(Method::GET, &path).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (302, Some("no-store"))
    );
    let head = user.call(Method::HEAD, &path).await;
    let length = tarball(&package).bytes.len().to_string();
    assert_eq!(
        (head.status.as_u16(), head.header("content-length")),
        (200, Some(length.as_str()))
    );
    // In two segments, too; but under no other name.
    assert_eq!(
        user.call(Method::GET, &path.replace("%2f", "/")).await.status,
        302
    );
    for other in [
        path.replace("fruit-1", "fruit-2"),
        path.replace("%2ffruit", "%2fnuts"),
        path.replace("@acme%2f", ""),
    ] {
        assert_eq!(user.call(Method::GET, &other).await.status, 404, "{other}");
    }
}

#[tokio::test]
async fn packages_of_the_api_are_listed_too() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let file = tarball(&json!({"name": "fruit", "version": "v1.2.0+build"}));
    user.publish(&file).await.id();
    let file = tarball(&json!({"name": "fruit", "version": "1.10.0"}));
    user.publish(&file).await.id();
    user.publish(&tarball(&json!({"name": "fruit", "version": "2.0.0-rc.1"})))
        .await
        .id();
    let document = user.npm_get("fruit").await.json();
    // Without a tag of its own, `latest` is the highest release.
    assert_eq!(document["dist-tags"], json!({"latest": "1.10.0"}));
    let versions = document["versions"].as_object().expect("versions").keys();
    assert_eq!(versions.collect::<Vec<_>>(), ["1.10.0", "1.2.0", "2.0.0-rc.1"]);
}

#[tokio::test]
async fn names_that_cannot_be_are_missing() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    for path in [
        "nothing",
        "@acme%2fnothing",
        "@acme",
        "..%2f..",
        "%00",
        "a%2fb",
        "_x",
        "n%C3%A4me",
        "@a%2fb%2fc",
    ] {
        let answer = user.npm_get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.json()["error"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{path}"
        );
    }
    assert_snapshot!(user.npm_get("nothing").await.text(), @r#"{"error":"The registry `my_great_org/my-npm` has no package `nothing`, or none any more. Look at its spelling and at the registry that your settings name."}"#);
}

/// A document without that version would be wrong, and be kept by whoever read it.
#[tokio::test]
async fn versions_without_metadata_are_errors() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let large = json!({"name": "fruit", "version": "1.0.0", "description": "x".repeat(20_000)});
    assert_eq!(user.npm_publish(&large, "latest").await.status, 201);
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let objects = app.contents().await.objects.into_keys();
    for key in objects.filter(|key| key.starts_with("metadata/")) {
        let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
        delete.send().await.expect("a writable bucket");
    }
    for path in ["fruit", "fruit/1.0.0", "fruit/latest"] {
        assert_snapshot!("without_metadata", user.npm_get(path).await.rendered());
    }
}
