//! Files of any size: a form, a post, a `package_url`.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use http::Method;
use packages_api::formats::Ecosystem;
use packages_api::{Digest, Scope};
use packages_api_local::{Stack, StackOptions};
use serde_json::json;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp};
use crate::support::client::Client;
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::uploads::UploadForm;
use crate::support::whole::assert_whole;

fn files(app: &TestApp) -> Client {
    app.user.at(ORGANIZATION, FILES)
}

#[tokio::test]
async fn a_form_is_answered_as_documented() {
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
async fn a_form_of_temporary_credentials_carries_their_token_and_ends_with_them() {
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
async fn a_posted_file_is_published_by_its_address() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (form, url) = app.user.upload(&gem).await;
    let answer = app.user.publish_url(&url).await;
    insta::assert_snapshot!(answer.whole());
    let expected = json!({
        "sha256": Digest::sha256(&gem.bytes).to_string(),
        "sha512": Digest::sha512(&gem.bytes).to_string(),
    });
    assert_eq!(answer.json()["digests"], expected);
    assert_eq!(app.user.get(&answer.id()).await.text(), answer.text());
    assert_eq!(app.user.download(&answer.id()).await, gem.bytes);
    let contents = app.contents().await;
    assert_eq!(assert_whole(&contents), [answer.id()]);
    assert_eq!(contents.objects.get(&form.key(&gem.name)), Some(&gem.bytes));
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
async fn names_survive_as_the_go_client_escapes_them() {
    let app = TestApp::start().await;
    let user = files(&app);
    for name in [
        "with space-1.0.0.txt",
        "plus+sign-1.0.0.txt",
        "escaped%2Bplus-1.0.0.txt",
        "escaped%20space-1.0.0.txt",
        "naïve-1.0.0.txt",
        "日本語-1.0.0.txt",
        "\u{1F34C}-1.0.0.txt",
        "paren(1)-1.0.0.txt",
        "it's!-1.0.0.txt",
        "a&b=c;d,e:f@g$h-1.0.0.txt",
        "what?-1.0.0.txt",
        "number#1-1.0.0.txt",
        "[x]{y}|z^`<>-1.0.0.txt",
        "..dots..-1.0.0.txt",
        "plus+-1.0.0+build.5.txt",
        "escaped%20beside a space-1.0.0.txt",
        "a space beside%20an escaped one-1.0.0.txt",
    ] {
        let file = File::new(name, name.as_bytes());
        let (_, url) = user.upload(&file).await;
        let answer = user.publish_url(&url).await;
        assert_eq!(
            answer.status,
            if name.starts_with('.') { 422 } else { 200 },
            "{name}: {}",
            answer.text()
        );
        if answer.status == 200 {
            assert_eq!(answer.json()["filename"], *name);
            assert_eq!(user.download(&answer.id()).await, name.as_bytes());
        }
    }
}

/// The object under the upload's own prefix is the upload, whatever became of its name on the way.
#[tokio::test]
async fn a_name_is_found_however_its_client_escapes_it() {
    let app = TestApp::start().await;
    let user = files(&app);
    for (number, (posted, sent, filename)) in [
        ("a b-1.0.0.txt", "a b-1.0.0.txt", "a b-1.0.0.txt"),
        ("a b-1.0.1.txt", "a%20b-1.0.1.txt", "a b-1.0.1.txt"),
        ("a b-1.0.2.txt", "a%2520b-1.0.2.txt", "a b-1.0.2.txt"),
        ("a b-1.0.3.txt", "a+b-1.0.3.txt", "a b-1.0.3.txt"),
        ("a%20b c-1.0.4.txt", "a%20b%20c-1.0.4.txt", "a%20b c-1.0.4.txt"),
        ("C:\\new\\a-1.0.5.txt", "C:%5Cnew%5Ca-1.0.5.txt", "a-1.0.5.txt"),
        ("C:\\new\\a-1.0.6.txt", "a-1.0.6.txt", "a-1.0.6.txt"),
    ]
    .into_iter()
    .enumerate()
    {
        let form = UploadForm::of(&user.request_upload().await);
        let content = format!("{number}");
        let (status, body) = form
            .post(&user.http, &File::new(posted, content.as_bytes()))
            .await;
        assert_eq!(status, 204, "{body}");
        let url = format!("{}/{}{sent}", form.url, form.key(""));
        let answer = user.publish_url(&url).await;
        assert_eq!(answer.status, 200, "{posted}: {}", answer.text());
        assert_eq!(answer.json()["filename"], filename);
        // Whoever asks again is answered at once, and with the same.
        assert_eq!(user.publish_url(&url).await.json(), answer.json());
        assert_eq!(user.download(&answer.id()).await, content.as_bytes());
    }
}

#[tokio::test]
async fn a_name_that_is_posted_is_the_name_that_counts() {
    let app = TestApp::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let gem = Gem::banana().build();
    let whole_path = File::new("C:/gems/banana-1.0.0.gem", gem.bytes.clone());
    assert_eq!(form.post(&app.user.http, &whole_path).await.0, 204);
    let answer = app.user.publish_url(&form.package_url("banana-1.0.0.gem")).await;
    assert_eq!(answer.json()["filename"], "banana-1.0.0.gem");
    // The form names its prefix only: a key may also be written out.
    let form = UploadForm::of(&app.user.request_upload().await);
    let key = form.key("other-1.0.0.gem");
    let named = form.clone().with("key", &key);
    let other = Gem::new("other", "1.0.0").build();
    assert_eq!(named.post(&app.user.http, &other).await.0, 204);
    app.user
        .publish_url(&form.package_url("other-1.0.0.gem"))
        .await
        .id();
}

#[tokio::test]
async fn the_bucket_refuses_altered_and_foreign_forms() {
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
async fn an_upload_that_was_not_posted_is_not_found() {
    let app = TestApp::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let answer = app.user.publish_url(&form.package_url("banana-1.0.0.gem")).await;
    insta::assert_snapshot!(answer.whole());
}

#[tokio::test]
async fn a_form_has_a_file_or_an_address() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let before = app.contents().await.keys();
    let url_part = Part::field("package_url", &url);
    let file_part = Part::file("form-data", &gem);
    for (parts, code) in [
        (vec![url_part.clone(), file_part.clone()], "ambiguous"),
        (vec![file_part, url_part.clone()], "ambiguous"),
        (vec![url_part.clone(), url_part], "duplicate"),
        (vec![Part::field("packageurl", &url)], "missing"),
        (vec![Part::field("package_url", "")], "foreign"),
    ] {
        let answer = app.user.publish_form(Form::of(&parts)).await;
        answer.assert_error(422);
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    let answer = app.user.publish_form(Form::of(&[Part::new(
        "Content-Disposition: form-data; name=\"package_url\"",
        vec![0xff, 0xfe],
    )]));
    answer.await.assert_error(422);
    assert_eq!(app.contents().await.keys(), before);
}

#[tokio::test]
async fn who_may_not_publish_learns_nothing_of_uploads() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let reader = app.user_with(&[Scope::ReadPackages, Scope::DeletePackages]).await;
    let stranger = app.stranger().await;
    for url in [url.as_str(), "x", "http://169.254.169.254/"] {
        app.user.authorized(None).publish_url(url).await.assert_error(401);
        stranger.publish_url(url).await.assert_error(404);
        reader.publish_url(url).await.assert_error(403);
        let nowhere = app.user.at(ORGANIZATION, "nowhere");
        nowhere.publish_url(url).await.assert_error(404);
    }
    app.user.authorized(None).request_upload().await.assert_error(401);
    reader.request_upload().await.assert_error(403);
    app.user
        .at(ORGANIZATION, "nowhere")
        .request_upload()
        .await
        .assert_error(404);
    let writer = app.user_with(&[Scope::WritePackages]).await;
    let (_, url) = writer.upload(&gem).await;
    writer.publish_url(&url).await.id();
}

#[tokio::test]
async fn another_registrys_upload_is_foreign() {
    let app = TestApp::start().await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let (_, url) = app.user.upload(&Gem::banana().build()).await;
    let more = app.user.at(ORGANIZATION, "more-gems");
    let answer = more.publish_url(&url).await;
    answer.assert_error(422);
    assert_eq!(answer.json()["errors"][0]["code"], "foreign");
    let renamed = url.replace(&format!("/{REGISTRY}/"), "/more-gems/");
    let answer = more.publish_url(&renamed).await;
    answer.assert_error(422);
    assert_eq!(answer.json()["errors"][0]["code"], "not_found");
}

#[tokio::test]
async fn who_asks_again_gets_the_same_package_until_it_is_deleted() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let first = app.user.publish_url(&url).await;
    let before = app.contents().await;
    for _ in 0..3 {
        assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    }
    assert_eq!(app.contents().await, before);
    assert_eq!(app.user.delete(&first.id()).await.status, 200);
    let second = app.user.publish_url(&url).await;
    assert_ne!(second.id(), first.id());
    assert_eq!(app.user.publish_url(&url).await.text(), second.text());
    assert_eq!(app.user.download(&second.id()).await, gem.bytes);
    assert_eq!(assert_whole(&app.contents().await), [second.id()]);
}

#[tokio::test]
async fn a_form_used_again_for_another_file_is_another_upload() {
    let app = TestApp::start().await;
    let (form, url) = app.user.upload(&Gem::banana().build()).await;
    let first = app.user.publish_url(&url).await;
    let other = Gem::new("other", "1.0.0").build();
    assert_eq!(form.post(&app.user.http, &other).await.0, 204);
    let second = app.user.publish_url(&form.package_url(&other.name)).await;
    assert_eq!(second.json()["name"], "other");
    assert_eq!(app.user.download(&second.id()).await, other.bytes);
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    let never = app.user.publish_url(&form.package_url("never-1.0.0.gem")).await;
    never.assert_error(422);
    assert_eq!(assert_whole(&app.contents().await), [first.id(), second.id()]);
}

#[tokio::test]
async fn the_rules_of_a_release_are_those_of_a_publish() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let first = app.user.publish(&gem).await;
    let (_, url) = app.user.upload(&gem).await;
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    let other = Gem::banana().summary("Another banana").build();
    let (form, url) = app.user.upload(&other).await;
    let conflict = app.user.publish_url(&url).await;
    conflict.assert_error(409);
    assert!(conflict.message().contains(&first.id()));
    let broken = File::new("broken-1.0.0.gem", "no gem");
    let (broken_form, broken_url) = app.user.upload(&broken).await;
    app.user.publish_url(&broken_url).await.assert_error(422);
    let contents = app.contents().await;
    assert_eq!(assert_whole(&contents), [first.id()]);
    for (form, file) in [(form, other), (broken_form, broken)] {
        assert_eq!(contents.objects.get(&form.key(&file.name)), Some(&file.bytes));
    }
    let stored = contents.objects.keys().filter(|key| !key.starts_with("uploads/"));
    assert_eq!(stored.count(), 1);
}

#[tokio::test]
async fn metadata_that_is_large_lies_beside_the_file() {
    let app = TestApp::start().await;
    let gem = Gem::banana().summary(&"long ".repeat(10_000)).build();
    let (_, url) = app.user.upload(&gem).await;
    let answer = app.user.publish_url(&url).await;
    assert_eq!(app.user.get(&answer.id()).await.text(), answer.text());
    assert_eq!(app.user.publish_url(&url).await.text(), answer.text());
    assert_eq!(assert_whole(&app.contents().await), [answer.id()]);
}

#[tokio::test]
async fn a_form_is_only_posted_for() {
    let app = TestApp::start().await;
    let path = format!("{}/upload", app.user.packages());
    for method in [Method::GET, Method::DELETE, Method::PUT] {
        let answer = app.user.call(method, &path).await;
        answer.assert_error(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    }
}
