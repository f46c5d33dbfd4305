//! Answers of a function whose front door streams: `RESPONSE_TRANSFER=streamed`.
//!
//! Source: the API Gateway Developer Guide, "Lambda proxy integration format for response streaming":
//! status and headers as JSON, eight NULs, the body.

use std::time::Duration;

use packages_api_local::{Stack, StackOptions};
use serde_json::{Value, json};

use super::fixture::command;
use crate::support::event::{about, event};
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;

const DELIMITER: &[u8] = &[0; 8];

const LIFETIME: Duration = Duration::from_mins(2);

async fn function(stack: &Stack, transfer: &str) -> Function {
    let mut environment = stack.environment();
    environment.insert("RESPONSE_TRANSFER".to_owned(), transfer.to_owned());
    let mut function = Function::start(&command("packages-api"), &environment).await;
    function.first_poll().await;
    function
}

/// An answer as its client sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    status: Value,
    content_type: Value,
    body: String,
}

async fn streamed(function: &mut Function, event: &Value) -> Seen {
    let answered = function.answer_within(LIFETIME, event.to_string().into()).await;
    let answered = answered.expect("no error");
    assert!(answered.is_streamed);
    let bytes = answered.bytes.as_ref();
    let end = bytes
        .windows(DELIMITER.len())
        .position(|window| window == DELIMITER);
    let (prelude, rest) = bytes.split_at(end.expect("a delimiter"));
    let prelude: Value = serde_json::from_slice(prelude).expect("JSON");
    assert!(prelude["headers"]["x-request-id"].is_string(), "{prelude}");
    Seen {
        status: prelude["statusCode"].clone(),
        content_type: prelude["headers"]["content-type"].clone(),
        body: String::from_utf8(rest[DELIMITER.len()..].to_vec()).expect("UTF-8"),
    }
}

async fn buffered(function: &mut Function, event: &Value) -> Seen {
    let answered = function.answer_within(LIFETIME, event.to_string().into()).await;
    let answered = answered.expect("no error");
    assert!(!answered.is_streamed);
    let answer: Value = serde_json::from_slice(&answered.bytes).expect("JSON");
    Seen {
        status: answer["statusCode"].clone(),
        content_type: answer["multiValueHeaders"]["content-type"][0].clone(),
        body: answer["body"].as_str().unwrap_or_default().to_owned(),
    }
}

#[tokio::test]
async fn streamed_answers_equal_buffered_ones() {
    let stack = seeded_stack(StackOptions::default()).await;
    let mut streaming = function(&stack, "streamed").await;
    let mut buffering = function(&stack, "buffered").await;

    let published = streamed(&mut streaming, &event("rest", "publish")).await;
    assert_eq!(published.status, 200, "{published:?}");
    // The repeat of a publish is answered by the same package.
    assert_eq!(
        published,
        buffered(&mut buffering, &event("rest", "publish")).await
    );
    let package: Value = serde_json::from_str(&published.body).expect("JSON");
    let id = package["id"].as_str().expect("an id");

    for (call, status) in [
        ("health", 200),
        ("get", 200),
        ("get-unknown", 404),
        ("head", 200),
        ("delete", 200),
    ] {
        let mut event = match call {
            "get-unknown" | "head" => event("rest", "get"),
            call => event("rest", call),
        };
        if call == "head" {
            event["httpMethod"] = json!("HEAD");
        }
        if call != "get-unknown" {
            event = about(&event, id);
        }
        let expected = if call == "delete" {
            None
        } else {
            Some(buffered(&mut buffering, &event).await)
        };
        let seen = streamed(&mut streaming, &event).await;
        assert_eq!(seen.status, status, "{call}: {seen:?}");
        if let Some(expected) = expected {
            assert_eq!(seen, expected, "{call}");
        }
    }
}

#[tokio::test]
async fn unknown_events_are_errors_when_streamed() {
    let stack = seeded_stack(StackOptions::default()).await;
    let mut streaming = function(&stack, "streamed").await;
    let answered = streaming.answer_within(LIFETIME, "{}".into()).await;
    let error = answered.expect_err("it is no request");
    let error: Value = serde_json::from_slice(&error).expect("JSON");
    assert!(error["errorMessage"].is_string(), "{error}");
    assert_eq!(
        streamed(&mut streaming, &event("rest", "health")).await.status,
        200
    );
}
