//! The function over a local stack, and the events that it is fed.
//!
//! `FUNCTIONS_DIR` names a folder of another build than the tests' own, laid out as `cargo lambda
//! build` does, and `FUNCTION_RUNNER` what runs that build where this machine's processor cannot.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use packages_api_local::{Stack, StackOptions};
use serde_json::{Value, json};

use crate::support::event::{about, event};
use crate::support::fault_proxy::FaultProxy;
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;

/// The local stack with what the events expect in it, and the function in front of it.
pub(super) struct Fixture {
    pub(super) function: Function,
    pub(super) stack: Stack,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let stack = seeded_stack(StackOptions::default()).await;
        let environment = stack.environment();
        Self::of(stack, &environment).await
    }

    /// A fixture with a proxy between function and stack.
    pub(super) async fn behind_proxy() -> (Self, FaultProxy) {
        let stack = seeded_stack(StackOptions::default()).await;
        let proxy = FaultProxy::start(&stack).await;
        let environment = proxy.environment(&stack);
        (Self::of(stack, &environment).await, proxy)
    }

    pub(super) async fn of(stack: Stack, environment: &BTreeMap<String, String>) -> Self {
        let mut function = Function::start(&command("packages-api"), environment).await;
        function.first_poll().await;
        Self { function, stack }
    }

    /// Answer of the function to an event: status, headers, body.
    pub(super) async fn invoke(&mut self, event: &Value) -> Value {
        read(self.function.invoke(event.to_string().into()).await)
    }

    /// The log's lines that say how calls were answered, once there are so many: they travel on
    /// their own way, and may come after the answers.
    pub(super) async fn answered(&self, calls: usize) -> Vec<Value> {
        let mut answered: Vec<Value> = Vec::new();
        for _ in 0..500 {
            let log = self.function.log().into_iter();
            let lines = log.map(|line| serde_json::from_str(&line).expect("JSON"));
            answered = lines.filter(|line: &Value| !line["status"].is_null()).collect();
            if answered.len() >= calls {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answered
    }

    /// Asserts that nothing of this is in any line of the log.
    pub(super) fn assert_never_logged(&self, secrets: &[&str]) {
        for line in self.function.log() {
            assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
        }
    }

    /// Every call once, through one front door: what it is given for each, without what no two
    /// stacks have in common.
    pub(super) async fn round_trip(&mut self, door: &str) -> Value {
        let health = self.invoke(&event(door, "health")).await;
        let publish = self.invoke(&event(door, "publish")).await;
        let package = publish["body"]["id"].as_str().expect("an id").to_owned();
        let get = self.invoke(&about(&event(door, "get"), &package)).await;
        let delete = self.invoke(&about(&event(door, "delete"), &package)).await;
        let gone = self.invoke(&about(&event(door, "get"), &package)).await;
        let new = &publish["body"].clone();
        let calls = json!({
            "1 health": health, "2 publish": publish, "3 get": get, "4 delete": delete, "5 get": gone,
        });
        redacted(&calls, new)
    }
}

/// A function's answer, its body as the JSON that it is.
pub(super) fn read(answer: Result<Bytes, Bytes>) -> Value {
    let mut answer: Value = serde_json::from_slice(&answer.expect("no error")).expect("JSON");
    let body = answer["body"].as_str().unwrap_or_default();
    answer["body"] = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    answer
}

/// Command that starts this binary of the package.
pub(super) fn command(binary: &str) -> Vec<String> {
    let runner = std::env::var("FUNCTION_RUNNER").unwrap_or_default();
    let path = match (std::env::var("FUNCTIONS_DIR"), binary) {
        (Ok(folder), _) => format!("{folder}/{binary}/bootstrap"),
        (Err(_), "sweep") => env!("CARGO_BIN_EXE_sweep").to_owned(),
        (Err(_), _) => env!("CARGO_BIN_EXE_packages-api").to_owned(),
    };
    runner
        .split_whitespace()
        .map(str::to_owned)
        .chain([path])
        .collect()
}

/// A publish of this body under this type, handed over as text.
pub(super) fn published_as_text(door: &str, registry: &str, content_type: &str, body: &str) -> Value {
    let mut event = event(door, "publish");
    for (headers, content_type) in [
        ("headers", json!(content_type)),
        ("multiValueHeaders", json!([content_type])),
    ] {
        if event[headers].is_object() {
            event[headers]["content-type"] = content_type;
        }
    }
    event["body"] = json!(body);
    event["isBase64Encoded"] = json!(false);
    let text = event.to_string().replace("my-registry", registry);
    serde_json::from_str(&text).expect("still JSON")
}

/// These answers with names in place of the ids and the time of the package `new`.
pub(super) fn redacted(answers: &Value, new: &Value) -> Value {
    let mut text = answers.to_string();
    for place in [
        "/id",
        "/organization/id",
        "/registry/id",
        "/registry/graphql_id",
        "/created_at",
    ] {
        let value = new.pointer(place).and_then(Value::as_str).expect("it is there");
        text = text.replace(value, &format!("[{place}]"));
    }
    serde_json::from_str(&text).expect("still JSON")
}
