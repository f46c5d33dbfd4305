//! The function's log: a line of JSON for every call, and nothing secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use insta::{assert_json_snapshot, assert_snapshot};
use packages_api::DEVELOPMENT_TOKEN;

use super::fixture::{Fixture, published_as_text};
use crate::support::event::event;
use crate::support::fault::Fault;
use crate::support::fault_proxy::ALWAYS;

#[tokio::test]
async fn log_has_a_json_line_for_every_call() {
    let mut fixture = Fixture::new().await;
    fixture.round_trip("rest").await;
    assert_json_snapshot!(fixture.answered(5).await, {
        "[].timestamp" => "[time]", "[].milliseconds" => "[milliseconds]", "[].bytes_out" => "[bytes]",
        "[].package_id" => "[package]", "[].token_id" => "[token]",
    });
    fixture.assert_never_logged(&[DEVELOPMENT_TOKEN]);
}

/// Whoever mistypes a token or sends the wrong file has a secret to lose as well.
#[tokio::test]
async fn log_of_failures_has_nothing_that_was_sent() {
    const MISTYPED: &str = "pkgs_ThisIsAlmostTheTokenOfSomebodyElse";
    const CONTENT: &str = "Bananas are berries, which nobody is to know.";
    let (mut fixture, proxy) = Fixture::behind_proxy().await;
    let mut unknown = event("rest", "get");
    for headers in ["headers", "multiValueHeaders"] {
        let text = unknown[headers].to_string().replace(DEVELOPMENT_TOKEN, MISTYPED);
        unknown[headers] = serde_json::from_str(&text).expect("still JSON");
    }
    let form = |filename: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\n\r\n{CONTENT}\r\n--b--\r\n"
        )
    };
    let published = |registry: &str, filename: &str| {
        published_as_text(
            "http-api",
            registry,
            "multipart/form-data; boundary=b",
            &form(filename),
        )
    };
    assert_eq!(fixture.invoke(&unknown).await["statusCode"], 401);
    let no_gem = fixture
        .invoke(&published("my-registry", "banana-1.0.0.gem"))
        .await;
    assert_eq!(no_gem["statusCode"], 422);
    proxy.inject("PutObject", Fault::Refuse, ALWAYS);
    let refused = fixture.invoke(&published("files", "notes-1.0.0.txt")).await;
    assert_eq!(refused["statusCode"], 500);
    proxy.clear();
    proxy.inject("PutObject", Fault::Fail, ALWAYS);
    let failed = fixture.invoke(&published("files", "notes-1.0.0.txt")).await;
    assert_eq!(failed["statusCode"], 503);

    let mut transcript = String::new();
    for line in fixture.answered(4).await {
        transcript.push_str(&format!(
            "{} {} {}\n",
            line["route"], line["status"], line["cause"]
        ));
    }
    assert_snapshot!(transcript);
    let environment = fixture.stack.environment();
    fixture.assert_never_logged(&[
        DEVELOPMENT_TOKEN,
        MISTYPED,
        CONTENT,
        &BASE64.encode(CONTENT)[..20],
        &environment["AWS_SECRET_ACCESS_KEY"],
    ]);
}
