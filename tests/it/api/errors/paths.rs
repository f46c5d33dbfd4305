//! Errors of paths and methods: 404 and 405.

use http::Method;
use insta::assert_snapshot;

use super::UNKNOWN_ID;
use crate::support::app::TestApp;

#[tokio::test]
async fn missing_packages_are_404() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for id in [UNKNOWN_ID, "banana", &UNKNOWN_ID.to_uppercase()] {
        answers.push(app.user.get(id).await.assert_error(404).rendered());
        assert_eq!(
            &app.user.delete(id).await.assert_error(404).rendered(),
            answers.last().expect("one")
        );
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_snapshot!("no_package", answers[0]);
}

#[tokio::test]
async fn unknown_paths_are_404_for_everybody() {
    let app = TestApp::start().await;
    let publish = app.user.packages();
    let paths = [
        "/v2".to_owned(),
        "/v2/package".to_owned(),
        "//".to_owned(),
        format!("{publish}/a/b"),
        publish.replace("registries", "registry"),
    ];
    for user in [&app.user, &app.user.authorized(None)] {
        for path in &paths {
            assert_snapshot!("unknown_path", user.call(Method::GET, path).await.rendered());
        }
    }
}

#[tokio::test]
async fn wrong_methods_name_the_allowed_ones() {
    let app = TestApp::start().await;
    let nobody = app.user.authorized(None);
    let package = format!("{}/{UNKNOWN_ID}", nobody.packages());
    let mut answers = String::new();
    for (method, path) in [
        (Method::POST, "/"),
        (Method::GET, &nobody.packages()),
        (Method::HEAD, &nobody.packages()),
        (Method::PUT, &nobody.packages()),
        (Method::POST, &package),
        (Method::PATCH, &package),
        (Method::OPTIONS, &package),
    ] {
        let answer = nobody.call(method.clone(), path).await;
        answers.push_str(&format!("{method}: {}\n\n", answer.rendered()));
    }
    assert_snapshot!("other_methods", answers);
}
