//! The table of errors, row by row, and the order in which they are decided.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use insta::assert_snapshot;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp, slug};
use crate::support::client::Client;
use crate::support::form::{Form, Part};
use crate::support::gem::{Gem, gzip, tar};

const NOBODYS_ID: &str = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";

/// The three calls by this user, each answered with this error, word for word the same.
async fn refused(user: &Client, id: &str, status: u16) -> String {
    let get = user.get(id).await;
    for answer in [
        &user.publish(&Gem::banana().build()).await,
        &user.delete(id).await,
        &get,
    ] {
        answer.assert_error(status);
        if status != 403 {
            assert_eq!(answer.text(), get.text());
        }
    }
    get.whole()
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_told() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let before = app.contents().await.keys();
    let nobody = refused(&app.user.authorized(None), &id, 401).await;
    let mut answers = format!("no token: {nobody}\n\n");
    let secret = app.user.authorization.clone().expect("a token");
    let secret = secret.trim_start_matches("Bearer ");
    let mut mistyped = secret.to_owned();
    mistyped.replace_range(10..11, if &secret[10..11] == "a" { "b" } else { "a" });
    for (name, header) in [
        ("not bearer", format!("Basic {secret}")),
        ("bare token", secret.to_owned()),
        ("foreign token", "Bearer ghp_0123456789".to_owned()),
        ("mistyped token", format!("Bearer {mistyped}")),
        ("cut token", format!("Bearer {}", &secret[..50])),
        (
            "unknown token",
            format!("Bearer {}", packages_api::DEVELOPMENT_TOKEN),
        ),
    ] {
        let user = app.user.authorized(Some(&header));
        let answer = refused(&user, &id, 401).await;
        // Not even whether there is such an organization.
        assert_eq!(refused(&user.at("nowhere", "nothing"), &id, 401).await, answer);
        answers.push_str(&format!("{name}: {answer}\n\n"));
    }
    assert_snapshot!("tokens", answers);
    assert_eq!(app.contents().await.keys(), before);
}

#[tokio::test]
async fn an_expired_or_deleted_token_opens_nothing() {
    let app = TestApp::start().await;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970")
        .as_secs();
    let token = |expires_at| NewToken {
        scopes: Scope::ALL.to_vec(),
        expires_at,
        ..NewToken::default()
    };
    let (current, _) = app.user_of(token(Some(now + 3600))).await;
    let id = current.publish(&Gem::banana().build()).await.id();
    let (expired, _) = app.user_of(token(Some(now - 1))).await;
    assert_snapshot!("expired_token", refused(&expired, &id, 401).await);
    let (deleted, record) = app.user_of(token(None)).await;
    assert_eq!(deleted.get(&id).await.status, 200);
    let gone = app.records.delete_token(&app.organization, record.id).await;
    gone.expect("it was there");
    assert_snapshot!("expired_token", refused(&deleted, &id, 401).await);
}

#[tokio::test]
async fn another_organization_is_as_if_it_were_not() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let stranger = app.stranger().await;
    assert_snapshot!("other_organization", refused(&stranger, &id, 404).await);
    let nowhere = refused(&stranger.at("nowhere", REGISTRY), &id, 404).await;
    assert_eq!(
        nowhere.replace("nowhere", ORGANIZATION),
        refused(&stranger, &id, 404).await
    );
    refused(&app.user.at("No Slug", REGISTRY), &id, 404).await;
}

#[tokio::test]
async fn a_missing_scope_is_named_before_the_registry_is_looked_for() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let idle = app.user_with(&[Scope::ReadRegistries]).await;
    for user in [&idle, &idle.at(ORGANIZATION, "nothing")] {
        let publish = user.publish(&Gem::banana().build()).await;
        let answers = [publish, user.get(&id).await, user.delete(&id).await];
        assert_snapshot!("scopes", answers.map(|answer| answer.whole()).join("\n\n"));
    }
}

#[tokio::test]
async fn each_call_asks_for_its_own_scope() {
    let app = TestApp::start().await;
    let creator = app.user_with(&[Scope::CreatePackages]).await;
    let writer = app.user_with(&[Scope::WritePackages]).await;
    let reader = app.user_with(&[Scope::ReadPackages]).await;
    let deleter = app.user_with(&[Scope::DeletePackages]).await;
    let gem = Gem::banana().build();
    let id = creator.publish(&gem).await.id();
    assert_eq!(writer.publish(&gem).await.id(), id);
    for user in [&creator, &writer, &deleter] {
        user.get(&id).await.assert_error(403);
    }
    for user in [&creator, &writer, &reader] {
        user.delete(&id).await.assert_error(403);
    }
    for user in [&reader, &deleter] {
        user.publish(&gem).await.assert_error(403);
    }
    assert_eq!(reader.get(&id).await.status, 200);
    assert_eq!(deleter.delete(&id).await.status, 200);
}

#[tokio::test]
async fn a_registry_that_is_not_there_or_not_for_this_token_is_a_404() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let nothing = refused(&app.user.at(ORGANIZATION, "nothing"), &id, 404).await;
    assert_snapshot!("no_registry", nothing);
    let other = app.create_registry("other", Ecosystem::Ruby).await;
    let (bound, _) = app
        .user_of(NewToken {
            scopes: Scope::ALL.to_vec(),
            registry: Some((other.id, other.slug().clone())),
            ..NewToken::default()
        })
        .await;
    let refusal = refused(&bound, &id, 404).await;
    assert_eq!(refusal.replace(REGISTRY, "nothing"), nothing);
    assert_eq!(
        bound
            .at(ORGANIZATION, "other")
            .publish(&Gem::banana().build())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_token_for_a_registry_dies_with_it_though_the_slug_is_taken_again() {
    let app = TestApp::start().await;
    let (bound, _) = app
        .user_of(NewToken {
            scopes: Scope::ALL.to_vec(),
            registry: Some((app.registry.id, slug(REGISTRY))),
            ..NewToken::default()
        })
        .await;
    let gem = Gem::banana().build();
    let id = bound.publish(&gem).await.id();
    app.records
        .delete_registry(&app.registry)
        .await
        .expect("it was there");
    refused(&app.user, &id, 404).await;
    app.create_registry(REGISTRY, Ecosystem::Ruby).await;
    refused(&bound, &id, 404).await;
    // What the former registry held is not there, and in nobody's way.
    app.user.get(&id).await.assert_error(404);
    app.user.delete(&id).await.assert_error(404);
    assert_ne!(app.user.publish(&gem).await.id(), id);
}

#[tokio::test]
async fn a_package_that_is_not_there_is_a_404() {
    let app = TestApp::start().await;
    let mut answers = Vec::new();
    for id in [NOBODYS_ID, "banana", &NOBODYS_ID.to_uppercase()] {
        answers.push(app.user.get(id).await.assert_error(404).whole());
        assert_eq!(
            &app.user.delete(id).await.assert_error(404).whole(),
            answers.last().expect("one")
        );
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_snapshot!("no_package", answers[0]);
}

#[tokio::test]
async fn an_unknown_path_is_a_404_for_everybody() {
    let app = TestApp::start().await;
    let publish = app.user.packages();
    let paths = [
        "/v2".to_owned(),
        "/v1/packages".to_owned(),
        "//".to_owned(),
        format!("{publish}/a/b"),
        publish.replace("registries", "registry"),
    ];
    for user in [&app.user, &app.user.authorized(None)] {
        for path in &paths {
            assert_snapshot!("unknown_path", user.call(Method::GET, path).await.whole());
        }
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_names_those_it_takes() {
    let app = TestApp::start().await;
    let nobody = app.user.authorized(None);
    let package = format!("{}/{NOBODYS_ID}", nobody.packages());
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
        answers.push_str(&format!("{method}: {}\n\n", answer.whole()));
    }
    assert_snapshot!("other_methods", answers);
}

/// Who may not publish is told so, whatever is wrong with the form.
#[tokio::test]
async fn the_input_is_judged_last() {
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
async fn what_is_wrong_with_a_form_is_told_and_leaves_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    let gem = Gem::banana().build();
    let file = Part::file("form-data", &gem);
    let whole = Form::usual(&gem);
    let cut = Form {
        body: whole.body[..whole.body.len() - 30].to_vec(),
        ..whole.clone()
    };
    let empty = Part::file("form-data", &File::new("banana-1.0.0.gem", b""));
    let nameless = Part::new("Content-Disposition: form-data; name=\"file\"", gem.bytes.clone());
    let mut answers = String::new();
    for (name, status, form) in [
        (
            "no boundary",
            400,
            whole.clone().with_content_type("application/json"),
        ),
        (
            "other boundary",
            400,
            whole.clone().with_content_type("multipart/form-data; boundary=x"),
        ),
        ("cut off", 400, cut),
        (
            "no form at all",
            400,
            Form {
                body: b"{}".to_vec(),
                ..whole.clone()
            },
        ),
        (
            "no body",
            400,
            Form {
                body: Vec::new(),
                ..whole.clone()
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
        answers.push_str(&format!("{name}: {}\n\n", answer.whole()));
    }
    assert_snapshot!("wrong_forms", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn what_is_wrong_with_a_package_is_told_and_leaves_nothing() {
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
        answers.push_str(&format!("{name}: {}\n\n", answer.whole()));
    }
    assert_snapshot!("wrong_packages", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_body_that_no_event_carries_is_refused_with_the_way_around() {
    let app = TestApp::start().await;
    let large = Gem::banana().member("large", vec![0; 5_000_000]).build();
    assert_snapshot!("too_large", app.user.publish(&large).await.whole());
}

/// Without a gateway that says so first, the function does.
#[tokio::test]
async fn the_function_itself_knows_what_is_too_large() {
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
