//! Files by way of a distribution in front of the bucket.

use std::net::TcpListener;
use std::time::Duration;

use http::Method;
use packages_api_local::{Stack, StackOptions};

use crate::support::File;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::uploads::UploadForm;

/// An app whose clients are sent to a distribution, and the distribution's address.
async fn app() -> (TestApp, String) {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let stack = Stack::start(StackOptions {
        files_url: Some(address.parse().expect("an address")),
        ..StackOptions::default()
    });
    let stack = stack.await.expect("a stack");
    let sdk = stack.sdk_config();
    (TestApp::over(stack, &sdk, Duration::from_secs(25)).await, address)
}

/// A client that sends its token wherever it is led, as `bk` and Maven do.
fn forwarding(app: &TestApp) -> reqwest::Client {
    let token = app.user.authorization.as_deref().expect("a token");
    let headers = [(http::header::AUTHORIZATION, token.parse().expect("a header"))];
    let client = reqwest::Client::builder().default_headers(headers.into_iter().collect());
    client
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

#[tokio::test]
async fn forwarded_tokens_are_dropped_before_the_bucket() {
    let (app, distribution) = app().await;
    let http = forwarding(&app);
    let file = File::new("large-1.0.0.bin", vec![7; 100_000]);
    let user = app.user.at(ORGANIZATION, FILES);

    let form = UploadForm::of(&user.request_upload().await);
    assert!(form.url.starts_with(&distribution), "{}", form.url);
    let (status, body) = form.post(&http, &file).await;
    assert_eq!(status, 204, "{body}");
    let published = user.publish_url(&form.package_url(&file.name)).await;
    assert_eq!(published.status, 200, "{}", published.text());

    let download = published.json()["download_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let redirect = http
        .request(Method::GET, &download)
        .send()
        .await
        .expect("an answer");
    let location = redirect.headers()["location"]
        .to_str()
        .expect("a text")
        .to_owned();
    assert!(location.starts_with(&distribution), "{location}");
    let answer = http.get(&location).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.bytes().await.expect("a whole body"), file.bytes);
}

#[tokio::test]
async fn uploads_may_be_named_by_the_buckets_address() {
    let (app, distribution) = app().await;
    let file = File::new("large-1.0.0.bin", vec![7; 1_000]);
    let user = app.user.at(ORGANIZATION, FILES);
    let (form, url) = user.upload(&file).await;
    let own = url.replace(&distribution, &app.stack.s3_endpoint());
    assert_ne!(own, url, "{}", form.url);
    assert_eq!(user.publish_url(&own).await.status, 200);
}
