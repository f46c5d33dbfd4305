//! Forms as clients send them, and as attackers do.

use http::Method;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use insta::assert_snapshot;
use serde_json::Value;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::form::{BOUNDARY, Form, Part};
use crate::support::gem::Gem;
use crate::support::hostile_forms::hostile_forms;

fn with_type(file: &File, content_type: &str) -> Form {
    Form::usual(file).with_content_type(content_type)
}

#[tokio::test]
async fn all_spellings_of_the_form_publish_alike() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    for form in [
        Form::documented(&gem),
        Form::usual(&gem),
        with_type(&gem, &format!("multipart/form-data; boundary=\"{BOUNDARY}\"")),
        with_type(
            &gem,
            &format!("application/json; boundary=\"{BOUNDARY}\"; charset=utf-8"),
        ),
        with_type(
            &gem,
            &format!("multipart/form-data; charset=utf-8;BOUNDARY={BOUNDARY}"),
        ),
        with_type(&gem, &format!("boundary={BOUNDARY}; multipart/form-data")),
        with_type(&gem, &format!("; boundary={BOUNDARY}")),
    ] {
        let content_type = form.content_type.clone();
        assert_eq!(app.user.publish_form(form).await.id(), id, "{content_type}");
    }
}

#[tokio::test]
async fn chunked_bodies_are_accepted() {
    let app = TestApp::start().await;
    let form = Form::documented(&Gem::banana().build());
    let chunks: Vec<_> = form
        .body
        .chunks(1000)
        .map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec()))
        .collect();
    let request = app.user.request(Method::POST, &app.user.packages());
    let request = request.header(CONTENT_TYPE, form.content_type);
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(chunks));
    app.user.send(request.body(body)).await.id();
}

#[tokio::test]
async fn file_names_are_read_as_meant() {
    let app = TestApp::start().await;
    let user = app.user.at(ORGANIZATION, FILES);
    for (disposition, filename) in [
        (
            r#"form-data; name="file"; filename="näïve-1.0.0.txt""#,
            "näïve-1.0.0.txt",
        ),
        (
            r#"attachment; filename="名-1.0.1.txt"; name="file""#,
            "名-1.0.1.txt",
        ),
        (
            r#"form-data; name="file"; filename="x"; filename*=UTF-8''na%C3%AFve-1.0.2.txt"#,
            "naïve-1.0.2.txt",
        ),
        (
            r#"form-data; name="file"; filename="x"; filename*=iso-8859-1''caf%E9-1.0.2.txt"#,
            "café-1.0.2.txt",
        ),
        (
            "form-data; name=\"file\";\r\n filename=\"folded-1.0.2.txt\"",
            "folded-1.0.2.txt",
        ),
        (
            r#"form-data; name="file"; filename="a\"b-1.0.3.txt""#,
            "a\"b-1.0.3.txt",
        ),
        (
            r#"form-data; name="file"; filename="a%22b-1.0.4.txt""#,
            "a\"b-1.0.4.txt",
        ),
        (
            r#"form-data; name="file"; filename="C:\new\a-1.0.5.txt""#,
            "a-1.0.5.txt",
        ),
        (
            r#"form-data; name="file"; filename="../../a-1.0.6.txt""#,
            "a-1.0.6.txt",
        ),
        ("form-data; name=file; filename=a-1.0.7.txt", "a-1.0.7.txt"),
    ] {
        let part = Part::new(&format!("Content-Disposition: {disposition}"), filename);
        let answer = user.publish_form(Form::of(&[part])).await;
        assert_eq!(
            user.get(&answer.id()).await.json()["filename"],
            filename,
            "{disposition}"
        );
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    let app = TestApp::start().await;
    let file = Part::file("form-data", &Gem::banana().build());
    let note = Part::field("note", "--not a boundary\r\n--");
    let other = Part::file("form-data", &File::new("other.txt", b"x"));
    let other = Part::new(
        &other.head.replacen("name=\"file\"", "name=\"other\"", 1),
        other.content,
    );
    let form = Form::of(&[note.clone(), other, file, note.clone(), note]);
    app.user.publish_form(form).await.id();
}

/// Each is answered with a sentence, and none leaves anything.
#[tokio::test]
async fn hostile_forms_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    for (name, form) in hostile_forms() {
        let size = form.body.len();
        let answer = app.user.publish_form(form).await;
        let status = answer.status.as_u16();
        assert!(
            matches!(status, 400 | 422),
            "{name}, {size} bytes: {status} {}",
            answer.text()
        );
        answer.assert_error(status);
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn encoded_forms_are_refused_by_name() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let gem = Gem::banana().build();
    let encoded = Part::new(
        &format!(
            "{}\r\nContent-Transfer-Encoding: base64",
            Part::file("form-data", &gem).head
        ),
        "YmFuYW5h",
    );
    let mut answers = String::new();
    for (name, encoding, form) in [
        ("a part in base64", "identity", Form::of(&[encoded])),
        ("a body in gzip", "gzip", Form::usual(&gem)),
    ] {
        let request = app.user.request(Method::POST, &app.user.packages());
        let request = request.header(CONTENT_TYPE, form.content_type);
        let request = request.header(CONTENT_ENCODING, encoding);
        let answer = app.user.send(request.body(form.body)).await;
        answers.push_str(&format!("{name}: {}\n\n", answer.rendered()));
    }
    assert_snapshot!(answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn files_of_100_mb_are_refused_in_words() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let head =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gem\"\r\n\r\n");
    let megabyte = vec![0_u8; 1_000_000];
    let body = std::iter::once(head.into_bytes()).chain(vec![megabyte; 100]);
    let body = futures_util::stream::iter(body.map(Ok::<_, std::io::Error>));
    let request = app.user.request(Method::POST, &app.user.packages());
    let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
    let answer = app
        .user
        .send(request.body(reqwest::Body::wrap_stream(body)))
        .await;
    answer.assert_error(413);
    assert!(answer.message().contains("/packages/upload"));
    assert_eq!(app.contents().await, before);
}

/// Answer to the real program, with these arguments before the form.
async fn curl(app: &TestApp, arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let gem = Gem::banana().build();
    let path = folder.path().join(&gem.name);
    std::fs::write(&path, &gem.bytes).expect("a writable folder");
    let authorization = app.user.authorization.as_deref().expect("a token");
    let output = tokio::process::Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "-H",
            &format!("Authorization: {authorization}"),
        ])
        .args([
            "-X",
            "POST",
            &format!("{}{}", app.user.base_url, app.user.packages()),
        ])
        .args(arguments)
        .args(["-F", &format!("file=@{}", path.display())])
        .output()
        .await
        .expect("`curl` is needed by this test: install it");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[tokio::test]
async fn documented_command_publishes() {
    let app = TestApp::start().await;
    let json = ["-H", "Content-Type: application/json"];
    let published = curl(&app, &json).await;
    let id = published["id"].as_str().unwrap_or_else(|| panic!("{published}"));
    assert_eq!(app.user.get(id).await.json(), published);
    for arguments in [
        &[][..],
        &["--http1.1"],
        &["--http1.0"],
        &["-H", "Transfer-Encoding: chunked"],
        &[
            "-H",
            "Content-Type: application/json",
            "-H",
            "Transfer-Encoding: chunked",
        ],
        &["-H", "Expect: 100-continue"],
        &["-F", "note=x"],
    ] {
        assert_eq!(curl(&app, arguments).await, published, "{arguments:?}");
    }
}
