//! Errors of forms and packages: 400, 413 and 422.

use insta::assert_snapshot;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp};
use crate::support::form::{Form, Part};
use crate::support::gem::{Gem, gzip, tar};

/// Who may not publish is told so, whatever is wrong with the form.
#[tokio::test]
async fn input_is_checked_last() {
    let app = TestApp::start().await;
    let broken = || Form::usual(&Gem::banana().build()).with_content_type("text/plain");
    let idle = app.user_with(&[]).await;
    for (user, status) in [
        (app.user.authorized(None), 401),
        (app.user.at("nowhere", REGISTRY), 404),
        (idle.clone(), 403),
        (idle.at(ORGANIZATION, "nothing"), 403),
        (app.user.at(ORGANIZATION, "nothing"), 404),
        (app.user.clone(), 400),
    ] {
        user.publish_form(broken()).await.assert_error(status);
    }
}

#[tokio::test]
async fn wrong_forms_are_explained_and_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let gem = Gem::banana().build();
    let file = Part::file("form-data", &gem);
    let usual = Form::usual(&gem);
    let cut = Form {
        body: usual.body[..usual.body.len() - 30].to_vec(),
        ..usual.clone()
    };
    let empty = Part::file("form-data", &File::new("banana-1.0.0.gem", b""));
    let nameless = Part::new("Content-Disposition: form-data; name=\"file\"", gem.bytes.clone());
    let mut answers = String::new();
    for (name, status, form) in [
        (
            "no boundary",
            400,
            usual.clone().with_content_type("application/json"),
        ),
        (
            "other boundary",
            400,
            usual.clone().with_content_type("multipart/form-data; boundary=x"),
        ),
        ("cut off", 400, cut),
        (
            "no form at all",
            400,
            Form {
                body: b"{}".to_vec(),
                ..usual.clone()
            },
        ),
        (
            "no body",
            400,
            Form {
                body: Vec::new(),
                ..usual.clone()
            },
        ),
        ("no file", 422, Form::of(&[Part::field("note", "x")])),
        ("two files", 422, Form::of(&[file.clone(), file])),
        ("empty file", 422, Form::of(&[empty])),
        ("no file name", 422, Form::of(&[nameless])),
        (
            "package_url of elsewhere",
            422,
            Form::of(&[Part::field("package_url", "http://a/b")]),
        ),
    ] {
        let answer = app.user.publish_form(form).await;
        answer.assert_error(status);
        answers.push_str(&format!("{name}: {}\n\n", answer.rendered()));
    }
    assert_snapshot!("wrong_forms", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn wrong_packages_are_explained_and_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let gem = |bytes: Vec<u8>| File::new("banana-1.0.0.gem", bytes);
    let yaml = gzip(b"--- [");
    let mut answers = String::new();
    for (name, registry, file) in [
        ("no tar", REGISTRY, gem(b"not a gem".to_vec())),
        ("no metadata", REGISTRY, gem(tar(&[("data.tar.gz", b"")]))),
        ("no data", REGISTRY, gem(tar(&[("metadata.gz", &yaml)]))),
        (
            "no YAML",
            REGISTRY,
            gem(tar(&[("metadata.gz", &yaml), ("data.tar.gz", b"")])),
        ),
        (
            "no gzip",
            REGISTRY,
            gem(tar(&[("metadata.gz", b"x"), ("data.tar.gz", b"")])),
        ),
        ("no gem name", REGISTRY, Gem::new("../x", "1.0.0").build()),
        ("no version", REGISTRY, Gem::new("banana", "one").build()),
        ("no semantic version", FILES, File::new("notes-1.0.txt", b"x")),
    ] {
        let answer = app.user.at(ORGANIZATION, registry).publish(&file).await;
        answer.assert_error(422);
        answers.push_str(&format!("{name}: {}\n\n", answer.rendered()));
    }
    assert_snapshot!("wrong_packages", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn bodies_over_the_event_limit_name_uploads() {
    let app = TestApp::start().await;
    let large = Gem::banana().member("large", vec![0; 5_000_000]).build();
    assert_snapshot!("too_large", app.user.publish(&large).await.rendered());
}

/// Without a gateway that says so first, the function does.
#[tokio::test]
async fn function_itself_refuses_large_bodies() {
    let app = TestApp::start().await;
    let authorization = app.user.authorization.clone().expect("a token");
    let request = http::Request::post(app.user.packages())
        .header("authorization", authorization)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(lambda_http::Body::Binary(vec![
            b'-';
            packages_api::MAX_BODY_BYTES + 1
        ]));
    let answer = app.app.handle(request.expect("a request")).await;
    assert_eq!(answer.status(), 413);
    let body = String::from_utf8(answer.body().to_vec()).expect("text");
    assert!(body.contains(packages_api::TOO_LARGE), "{body}");
}
