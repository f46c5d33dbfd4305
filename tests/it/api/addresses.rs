//! Addresses that are spelled otherwise than the API itself spells them.

use http::Method;
use packages_api_local::{FrontDoor, Server, ServerOptions};

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;

fn files(app: &TestApp) -> Client {
    app.user.at(ORGANIZATION, FILES)
}

#[tokio::test]
async fn ids_have_no_case() {
    let app = TestApp::start().await;
    let package = app.user.publish(&Gem::banana().build()).await;
    let upper = package.id().to_uppercase();
    assert_eq!(app.user.get(&upper).await.json(), package.json());
    let path = format!("{}/{upper}/download", app.user.packages());
    assert_eq!(app.user.call(Method::HEAD, &path).await.status, 200);
    assert_eq!(app.user.delete(&upper).await.status, 200);
    app.user.get(&package.id()).await.assert_error(404);
}

#[tokio::test]
async fn encoded_unreserved_characters_are_the_characters() {
    let app = TestApp::start().await;
    let user = files(&app);
    let package = user.publish(&File::new("notes-1.0.0.txt", "x")).await;
    let path = format!("{}/{}", user.packages(), package.id());
    // Every letter, digit, hyphen and underscore, in both cases of the digits.
    let encoded = |upper: bool| -> String {
        let encode = |character: char| match character {
            '/' => "/".to_owned(),
            other if upper => format!("%{:02X}", u32::from(other)),
            other => format!("%{:02x}", u32::from(other)),
        };
        path.chars().map(encode).collect()
    };
    for spelling in [
        path.replace("my-files", "my%2Dfiles"),
        encoded(true),
        encoded(false),
    ] {
        let answer = user.call(Method::GET, &spelling).await;
        assert_eq!(answer.status, 200, "{spelling}");
        assert_eq!(answer.json(), package.json());
    }
}

#[tokio::test]
async fn encoded_reserved_characters_stay_encoded() {
    let app = TestApp::start().await;
    let user = files(&app);
    let package = user.publish(&File::new("notes-1.0.0.txt", "x")).await;
    let path = format!("{}/{}", user.packages(), package.id());
    for spelling in [
        path.replace("/packages/", "%2Fpackages/"),
        path.replace("my-files", "my%252Dfiles"),
        path.replace("my-files", "my-files%2F"),
        path.replace("my-files", "%00my-files"),
        format!("{path}%3Fx"),
    ] {
        user.call(Method::GET, &spelling).await.assert_error(404);
    }
}

#[tokio::test]
async fn encoded_slashes_separate_behind_http_apis_alone() {
    let app = TestApp::start().await;
    let user = files(&app);
    let package = user.publish(&File::new("notes-1.0.0.txt", "x")).await;
    let options = ServerOptions {
        front_door: FrontDoor::HttpApi,
        ..ServerOptions::default()
    };
    let server = Server::over(&app.stack, options).await.expect("a server");
    let behind_http_api = Client {
        base_url: server.base_url(),
        ..user.clone()
    };
    let path = format!("{}/{}", user.packages(), package.id());
    for (spelling, separates) in [
        (path.replace("/registries/", "%2Fregistries%2f"), true),
        (path.replace("/registries/", "%252Fregistries/"), false),
    ] {
        user.call(Method::GET, &spelling).await.assert_error(404);
        let answer = behind_http_api.call(Method::GET, &spelling).await;
        if separates {
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json()["id"], package.json()["id"]);
        } else {
            answer.assert_error(404);
        }
    }
}

#[tokio::test]
async fn empty_names_are_no_filter() {
    let app = TestApp::start().await;
    let user = files(&app);
    user.publish(&File::new("notes-1.0.0.txt", "x")).await.id();
    let list = async |query: &str| {
        user.call(Method::GET, &format!("{}{query}", user.packages()))
            .await
    };
    let all = list("").await;
    assert_eq!(all.json()["items"].as_array().unwrap().len(), 1);
    for query in ["?", "?name=", "?name", "?name=&name=x", "?&&="] {
        let answer = list(query).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        assert_eq!(answer.json(), all.json(), "{query}");
    }
}
