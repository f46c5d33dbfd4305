//! Forms that the API hands out, and the posts that the bucket takes with them.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use http::Method;
use packages_api_local::{Stack, StackOptions};
use serde_json::json;

use super::files;
use crate::support::File;
use crate::support::app::TestApp;
use crate::support::gem::Gem;
use crate::support::uploads::UploadForm;

#[tokio::test]
async fn forms_are_answered_as_documented() {
    let app = TestApp::start().await;
    let answer = app.user.request_upload().await;
    let body = answer.json();
    let data = &body["form"]["data"];
    let key = data["key"].as_str().unwrap();
    let prefix = key.strip_suffix("/${filename}").unwrap();
    let upload = prefix.strip_prefix("uploads/my_great_org/my-registry/").unwrap();
    assert_eq!(uuid::Uuid::parse_str(upload).unwrap().get_version_num(), 7);
    let endpoint = app.stack.s3_endpoint();
    let expected = json!({
        "uri": format!("s3://packages/{prefix}"),
        "form": {
            "file_input": "file",
            "method": "POST",
            "url": format!("{endpoint}/packages"),
            "data": {
                "key": key,
                "policy": data["policy"],
                "x-amz-algorithm": "AWS4-HMAC-SHA256",
                "x-amz-credential": data["x-amz-credential"],
                "x-amz-date": data["x-amz-date"],
                "x-amz-signature": data["x-amz-signature"],
            },
        },
    });
    assert_eq!(body, expected);
    for name in ["policy", "x-amz-credential", "x-amz-date", "x-amz-signature"] {
        assert!(data[name].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_ne!(app.user.request_upload().await.json()["uri"], body["uri"]);
}

/// The SDK with other credentials than the stack's own.
async fn with_credentials(expires_in: Duration, token: Option<&str>) -> TestApp {
    let stack = Stack::start(StackOptions::default()).await.expect("a stack");
    let environment = stack.environment();
    let credentials = Credentials::new(
        &environment["AWS_ACCESS_KEY_ID"],
        &environment["AWS_SECRET_ACCESS_KEY"],
        token.map(str::to_owned),
        Some(SystemTime::now() + expires_in),
        "test",
    );
    let sdk = stack.sdk_config().into_builder();
    let sdk = sdk
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    TestApp::over(stack, &sdk, Duration::from_secs(25)).await
}

#[tokio::test]
async fn forms_end_with_their_temporary_credentials() {
    let app = with_credentials(Duration::from_mins(5), Some("a-session")).await;
    // The table does not look at credentials, and the form is made without the bucket.
    let form = UploadForm::of(&app.user.request_upload().await);
    assert_eq!(form.field("x-amz-security-token"), "a-session");
    let names: Vec<_> = form.data.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "key",
        "policy",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-signature",
    ];
    assert_eq!(names, expected);

    let app = with_credentials(Duration::from_secs(1), None).await;
    let form = UploadForm::of(&app.user.request_upload().await);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let (status, body) = form.post(&app.user.http, &Gem::banana().build()).await;
    assert_eq!(status, 403, "{body}");
    assert!(body.contains("Policy expired"), "{body}");
}

#[tokio::test]
async fn fields_may_come_in_any_order() {
    let app = TestApp::start().await;
    for turn in 0..6 {
        let mut form = UploadForm::of(&app.user.request_upload().await);
        form.data.rotate_left(turn);
        if turn % 2 == 1 {
            form.data.reverse();
        }
        let gem = Gem::new("banana", &format!("1.0.{turn}")).build();
        let (status, body) = form.post(&app.user.http, &gem).await;
        assert_eq!(status, 204, "{body}");
        app.user.publish_url(&form.package_url(&gem.name)).await.id();
    }
}

#[tokio::test]
async fn altered_and_foreign_forms_are_refused() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let form = UploadForm::of(&app.user.request_upload().await);
    let other = UploadForm::of(&files(&app).request_upload().await);
    let before = app.contents().await.keys();
    let altered = |name: &str, value: &str| form.clone().with(name, value);
    let mut flipped = form.field("x-amz-signature").to_owned();
    let last = if flipped.ends_with('0') { "1" } else { "0" };
    flipped.replace_range(flipped.len() - 1.., last);
    for wrong in [
        altered("key", other.field("key")),
        altered("key", "packages/my_great_org/my-registry/x"),
        altered("key", "${filename}"),
        altered("policy", other.field("policy")),
        altered("policy", "e30="),
        altered("x-amz-signature", &flipped),
        altered("x-amz-signature", ""),
        altered("x-amz-algorithm", "AWS4-HMAC-SHA1"),
        altered("x-amz-credential", "local/20200101/us-east-1/s3/aws4_request"),
        altered("x-amz-date", "20200101T000000Z"),
        altered("x-amz-meta-more", "x"),
        altered("Content-Type", "text/html"),
        altered("acl", "public-read"),
    ] {
        let (status, body) = wrong.post(&app.user.http, &gem).await;
        assert!(status.is_client_error(), "{wrong:?}: {status} {body}");
    }
    for name in [
        "key",
        "policy",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-signature",
    ] {
        let mut wrong = form.clone();
        wrong.data.retain(|(own, _)| own != name);
        let (status, body) = wrong.post(&app.user.http, &gem).await;
        assert!(status.is_client_error(), "without {name}: {status} {body}");
    }
    let (status, body) = form
        .post(&app.user.http, &File::new("banana-1.0.0.gem", ""))
        .await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(app.contents().await.keys(), before);
}

#[tokio::test]
async fn forms_are_requested_by_post_only() {
    let app = TestApp::start().await;
    let path = format!("{}/upload", app.user.packages());
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let answer = app.user.call(method, &path).await;
        answer.assert_error(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}
