//! The form that twine and uv send.

use std::time::Duration;

use http::Method;

use super::fixture::{PYTHON, upload, user_of, wheel};
use crate::support::File;
use crate::support::app::TestApp;

/// The fields of twine's form, apart from the file.
fn fields() -> Vec<(&'static str, String)> {
    let fields = [
        (":action", "file_upload"),
        ("protocol_version", "1"),
        ("metadata_version", "2.1"),
        ("name", "Banana"),
        ("version", "1.0"),
        ("filetype", "bdist_wheel"),
        ("pyversion", "py3"),
    ];
    fields.map(|(name, value)| (name, value.to_owned())).into()
}

#[tokio::test]
async fn uploads_are_publishes() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = user_of(&app).await;
    let file = wheel("Banana", "1.0", "");
    proxy.clear();
    let first = upload(&user, &fields(), Some(&file)).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    let list = user.call(Method::GET, &user.packages()).await.json();
    let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
    let expected = format!("banana-1.0-py3-none-any.whl is published as package {id}.\n");
    assert_eq!(first.text(), expected.replace("banana", "Banana"));
    let again = upload(&user, &fields(), Some(&file)).await;
    assert_eq!((again.status.as_u16(), again.text()), (200, first.text()));
}

#[tokio::test]
async fn conflicts_name_the_holder() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let id = user.publish(&wheel("banana", "1.0", "")).await.id();
    let other = upload(
        &user,
        &fields(),
        Some(&wheel("banana", "1.0", "Summary: other\n")),
    )
    .await;
    assert_eq!(other.status, 409);
    assert_eq!(
        other.text(),
        format!(
            "File already exists: banana 1.0 (py3-none-any) is published with other content, as package {id} \
             ({}{}/{id}). Publish this file as a new version, or delete that package first.\n",
            user.base_url,
            user.packages()
        )
    );
}

#[tokio::test]
async fn forms_that_mean_another_file_are_refused() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let file = wheel("banana", "1.0", "");
    for (name, value, message) in [
        (
            "name",
            "apple",
            "The form's `name` is `apple`, and that of the file is `banana`.",
        ),
        (
            "version",
            "1.0.1",
            "The form's `version` is `1.0.1`, and that of the file is `1.0`.",
        ),
        (
            "filetype",
            "sdist",
            "The form's `filetype` is `sdist`, and that of the file is `bdist_wheel`.",
        ),
        (
            "metadata_version",
            "2.4",
            "The form's `metadata_version` is `2.4`, and that of the file is `2.1`.",
        ),
    ] {
        let mut fields = fields();
        fields.retain(|(own, _)| *own != name);
        fields.push((name, value.to_owned()));
        let answer = upload(&user, &fields, Some(&file)).await;
        let expected = format!("{message} Build the file again, and upload it with a current twine or uv.\n");
        assert_eq!((answer.status.as_u16(), answer.text()), (400, &*expected));
    }
    for name in ["md5_digest", "sha256_digest", "blake2_256_digest"] {
        let mut fields = fields();
        fields.push((name, "00ff".to_owned()));
        let answer = upload(&user, &fields, Some(&file)).await;
        assert_eq!(answer.status, 400);
        let start = format!("The form's `{name}` is `00ff`, and that of the file is `");
        assert!(answer.text().starts_with(&start), "{}", answer.text());
        assert!(
            answer
                .text()
                .ends_with("the file changed while it was sent. Upload it again.\n")
        );
    }
    let list = user.call(Method::GET, &user.packages()).await.json();
    assert_eq!(list["items"], serde_json::json!([]), "nothing was published");
}

#[tokio::test]
async fn digests_and_equal_spellings_are_accepted() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let file = File::new("empty-1.whl", "");
    assert_eq!(upload(&user, &fields(), Some(&file)).await.status, 422);
    let file = wheel("banana", "1.0", "");
    let mut fields = fields();
    fields.retain(|(name, _)| !matches!(*name, "version" | "pyversion"));
    let sha256 = packages_api::Digest::sha256(&file.bytes).to_string();
    fields.extend([
        ("version", "1.0.0".to_owned()),
        ("sha256_digest", sha256.to_uppercase()),
        ("md5_digest", String::new()),
    ]);
    // One part a classifier, as twine sends them.
    fields.extend((0..1500).map(|number| ("classifiers", format!("Topic :: {number}"))));
    let answer = upload(&user, &fields, Some(&file)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    fields.extend((0..600).map(|number| ("classifiers", format!("Topic :: {number}"))));
    let answer = upload(&user, &fields, Some(&file)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("more than 2000 parts"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn unusable_forms_are_told_why() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let file = wheel("banana", "1.0", "");
    for (fields, file, status, message) in [
        (
            fields(),
            None,
            422,
            "The form has no part named `content`. Send the package's file in it.\n",
        ),
        (
            Vec::new(),
            Some(&file),
            400,
            "The form's field `:action` must be `file_upload`: send the form as twine and uv make it.\n",
        ),
    ] {
        let answer = upload(&user, &fields, file).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, message));
    }
    // Whoever may not publish learns nothing of the form.
    let reader = app.user_with(&[packages_api::Scope::ReadPackages]).await;
    let reader = reader.at(&user.organization, PYTHON);
    assert_eq!(upload(&reader, &[], None).await.status, 403);
    assert_eq!(upload(&user.authorized(None), &[], None).await.status, 401);
}

#[tokio::test]
async fn attestations_are_refused_in_words() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let file = wheel("Banana", "1.0", "");
    let mut fields = fields();
    fields.push(("attestations", r#"[{"version": 1}]"#.to_owned()));
    let answer = upload(&user, &fields, Some(&file)).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (
            400,
            "This registry does not keep attestations of PEP 740, so the file was not published. Upload it without \
             `--attestations` (twine) or with `--no-attestations` (uv).\n"
        )
    );
    let list = user.call(Method::GET, &user.packages()).await.json();
    assert_eq!(list["items"], serde_json::json!([]));
}
