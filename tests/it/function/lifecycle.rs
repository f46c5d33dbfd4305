//! The function's life: its start, its polls, the end of its time.

use std::time::{Duration, Instant};

use insta::assert_json_snapshot;
use packages_api_local::StackOptions;
use serde_json::{Value, json};

use super::fixture::{Fixture, command, read};
use crate::support::event::{about, event};
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::seed::seeded_stack;

#[tokio::test]
async fn every_configuration_mistake_is_named() {
    let command = command("packages-api");
    let (program, arguments) = command.split_first().expect("a program");
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("API_BASE_URL", "packages.example.com")
        .env("LOG_LEVEL", "loud")
        .output();
    let output = output.await.expect("it starts");
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).expect("UTF-8");
    let line = log.lines().next().expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_json_snapshot!(line, {".timestamp" => "[time]"}, @r#"
    {
      "error": "the environment is not what is needed: LOG_LEVEL is `loud`; expected `error`, `warn`, `info` or `debug`; TABLE_NAME is not set; BUCKET_NAME is not set; API_BASE_URL is `packages.example.com`; expected an address such as https://packages.example.com; AWS_REGION is not set",
      "level": "ERROR",
      "message": "the function cannot start",
      "timestamp": "[time]"
    }
    "#);
}

/// The connection is opened early where it can be, and is nothing to wait for.
#[tokio::test]
async fn function_polls_while_its_table_hangs() {
    let stack = seeded_stack(StackOptions::default()).await;
    let proxy = FaultProxy::start(&stack).await;
    let gate = Gate::new();
    proxy.inject("GetItem", Fault::PauseBefore(gate.clone()), ALWAYS);
    let environment = proxy.environment(&stack);
    let mut fixture = Fixture::of(stack, &environment).await;
    let reached = tokio::time::timeout(Duration::from_mins(1), gate.reached());
    reached.await.expect("the connection is opened early");
    assert_eq!(fixture.invoke(&event("rest", "get")).await["statusCode"], 404);
}

#[tokio::test]
async fn unknown_events_are_errors_and_end_nothing() {
    let mut fixture = Fixture::new().await;
    let error = fixture
        .function
        .invoke("{}".into())
        .await
        .expect_err("it is no request");
    let error: Value = serde_json::from_slice(&error).expect("JSON");
    assert!(error["errorMessage"].is_string(), "{error}");
    assert_eq!(fixture.invoke(&event("rest", "health")).await["statusCode"], 200);
}

/// Also one that may take longer than the gateway waits, as a copy of a large file does.
#[tokio::test]
async fn calls_are_answered_before_their_sandbox_ends() {
    const LIFETIME: Duration = Duration::from_secs(2);
    let (mut fixture, proxy) = Fixture::behind_proxy().await;
    let publish = event("rest", "publish");
    let published = fixture.invoke(&publish).await;
    let package = published["body"]["id"].as_str().expect("an id");
    let mut copy = about(&event("rest", "get"), &format!("{package}/copy"));
    copy["httpMethod"] = json!("POST");
    copy["multiValueQueryStringParameters"] = json!({"to": ["my-registry"]});
    for (calls, event, operation, cause) in [
        (
            2,
            publish,
            "PutObject",
            "the call's time was up during S3 PutObject (package), attempt 1",
        ),
        (
            3,
            copy,
            "CopyObject",
            "the sandbox's time was up during S3 CopyObject (package), attempt 1",
        ),
    ] {
        proxy.inject(operation, Fault::Hang, ALWAYS);
        let started = Instant::now();
        let event = event.to_string().into();
        let answer = fixture.function.invoke_within(LIFETIME, event).await;
        assert!(started.elapsed() < LIFETIME, "{:?}", started.elapsed());
        let answer = read(answer);
        assert_eq!(answer["statusCode"], 503, "{answer}");
        let answered = fixture.answered(calls).await;
        assert_eq!(answered.last().expect("a line")["cause"], cause);
    }
}
