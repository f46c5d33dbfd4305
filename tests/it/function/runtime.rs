//! The function's binary as Lambda runs it: fed the events of every front door by the runtime API.
//!
//! `FUNCTIONS_DIR` names a folder of another build than the tests' own, laid out as `cargo lambda
//! build` does, and `FUNCTION_RUNNER` what runs that build where this machine's processor cannot.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use insta::{assert_json_snapshot, assert_snapshot};
use packages_api::DEVELOPMENT_TOKEN;
use packages_api::records::Records;
use packages_api_local::{Stack, StackOptions};
use serde_json::{Value, json};

use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;

/// The package that the events of get and delete name.
const EVENTS_PACKAGE: &str = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";

/// The local stack with what the events expect in it, and the function in front of it.
struct World {
    function: Function,
    stack: Stack,
}

impl World {
    async fn new() -> Self {
        let stack = seeded_stack(StackOptions::default()).await;
        let environment = stack.environment();
        Self::of(stack, &environment).await
    }

    /// The same, with a proxy between function and stack.
    async fn behind_proxy() -> (Self, FaultProxy) {
        let stack = seeded_stack(StackOptions::default()).await;
        let proxy = FaultProxy::start(&stack).await;
        let environment = proxy.environment(&stack);
        (Self::of(stack, &environment).await, proxy)
    }

    async fn of(stack: Stack, environment: &BTreeMap<String, String>) -> Self {
        let mut function = Function::start(&command("packages-api"), environment).await;
        function.first_poll().await;
        Self { function, stack }
    }

    /// What the front door is given for an event: status, headers, body.
    async fn invoke(&mut self, event: &Value) -> Value {
        read(self.function.invoke(event.to_string().into()).await)
    }

    /// The log's lines that say how calls were answered, once there are so many: they travel on
    /// their own way, and may come after the answers.
    async fn answered(&self, calls: usize) -> Vec<Value> {
        let mut answered: Vec<Value> = Vec::new();
        for _ in 0..500 {
            let log = self.function.log().into_iter();
            let lines = log.map(|line| serde_json::from_str(&line).expect("JSON"));
            answered = lines
                .filter(|line: &Value| line["message"] == "answered")
                .collect();
            if answered.len() >= calls {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        answered
    }

    /// Asserts that nothing of this is in any line of the log.
    fn assert_never_logged(&self, secrets: &[&str]) {
        for line in self.function.log() {
            assert!(!secrets.iter().any(|secret| line.contains(secret)), "{line}");
        }
    }

    /// Every call once, through one front door: what it is given for each, without what no two
    /// stacks have in common.
    async fn round_trip(&mut self, door: &str) -> Value {
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
fn read(answer: Result<Bytes, Bytes>) -> Value {
    let mut answer: Value = serde_json::from_slice(&answer.expect("no error")).expect("JSON");
    let body = answer["body"].as_str().unwrap_or_default();
    answer["body"] = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    answer
}

/// What starts this binary of the package.
fn command(binary: &str) -> Vec<String> {
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

/// `events/{door}-{call}.json`.
fn event(door: &str, call: &str) -> Value {
    let path = format!("{}/events/{door}-{call}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("the event is there")).expect("it is JSON")
}

/// The same event about another package.
fn about(event: &Value, package: &str) -> Value {
    let text = event.to_string().replace(EVENTS_PACKAGE, package);
    serde_json::from_str(&text).expect("still JSON")
}

/// A publish of this body under this type, handed over as text.
fn published_as_text(door: &str, registry: &str, content_type: &str, body: &str) -> Value {
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
fn redacted(answers: &Value, new: &Value) -> Value {
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

#[tokio::test]
async fn a_function_that_lacks_its_configuration_names_every_mistake() {
    let command = command("packages-api");
    let (program, arguments) = command.split_first().expect("a program");
    let output = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9")
        .env("API_BASE_URL", "packages.example.com")
        .output();
    let output = output.await.expect("it starts");
    assert!(!output.status.success());
    let log = String::from_utf8(output.stderr).expect("UTF-8");
    let line = log.lines().next().expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_json_snapshot!(line, {".timestamp" => "[time]"}, @r#"
    {
      "error": "the environment is not what is needed: TABLE_NAME is not set; BUCKET_NAME is not set; API_BASE_URL is `packages.example.com`; expected an address such as https://packages.example.com; AWS_REGION is not set",
      "level": "ERROR",
      "message": "the function cannot start",
      "timestamp": "[time]"
    }
    "#);
}

#[tokio::test]
async fn a_rest_api_is_answered() {
    assert_json_snapshot!(World::new().await.round_trip("rest").await);
}

#[tokio::test]
async fn a_rest_api_behind_a_custom_domain_is_answered() {
    assert_json_snapshot!(World::new().await.round_trip("rest-custom-domain").await);
}

#[tokio::test]
async fn an_http_api_is_answered() {
    assert_json_snapshot!(World::new().await.round_trip("http-api").await);
}

#[tokio::test]
async fn a_function_url_is_answered() {
    assert_json_snapshot!(World::new().await.round_trip("function-url").await);
}

#[tokio::test]
async fn a_load_balancer_is_answered() {
    assert_json_snapshot!(World::new().await.round_trip("alb").await);
}

#[tokio::test]
async fn a_body_that_came_as_text_publishes_while_it_is_text() {
    let mut world = World::new().await;
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"notes-1.0.0.txt\"\r\n\r\n\
                Bananas are berries.\r\n--b--\r\n";
    let mut first = None;
    for door in ["http-api", "rest", "rest-custom-domain", "function-url", "alb"] {
        let event = published_as_text(door, "files", "multipart/form-data; boundary=b", body);
        let answer = world.invoke(&event).await;
        assert_eq!(answer["statusCode"], 200, "{door}: {answer}");
        // The same bytes are the same package, whichever way they come.
        let first = first.get_or_insert_with(|| answer.clone());
        assert_eq!(answer["body"]["id"], first["body"]["id"], "{door}");
    }
    let answer = first.expect("an answer");
    assert_json_snapshot!(redacted(&answer, &answer["body"])["body"]);
}

#[tokio::test]
async fn a_binary_body_that_came_as_text_is_refused_with_the_way_around() {
    let mut world = World::new().await;
    let whole = event("http-api", "publish");
    let bytes = BASE64
        .decode(whole["body"].as_str().expect("a body"))
        .expect("base64");
    let mangled = String::from_utf8_lossy(&bytes);
    let content_type = whole["headers"]["content-type"].as_str().expect("a type");
    let answer = world
        .invoke(&published_as_text(
            "http-api",
            "my-registry",
            content_type,
            &mangled,
        ))
        .await;
    assert_json_snapshot!(answer);
}

#[tokio::test]
async fn the_log_has_a_line_of_json_for_each_call_and_no_secret() {
    let mut world = World::new().await;
    world.round_trip("rest").await;
    assert_json_snapshot!(world.answered(5).await, {
        "[].timestamp" => "[time]", "[].milliseconds" => "[milliseconds]", "[].bytes_out" => "[bytes]",
        "[].package_id" => "[package]", "[].token_id" => "[token]",
    });
    world.assert_never_logged(&[DEVELOPMENT_TOKEN]);
}

/// Whoever mistypes a token or sends the wrong file has a secret to lose as well.
#[tokio::test]
async fn the_log_has_nothing_that_was_sent_where_a_call_fails() {
    const MISTYPED: &str = "pkgs_ThisIsAlmostTheTokenOfSomebodyElse";
    const CONTENT: &str = "Bananas are berries, which nobody is to know.";
    let (mut world, proxy) = World::behind_proxy().await;
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
    assert_eq!(world.invoke(&unknown).await["statusCode"], 401);
    let no_gem = world.invoke(&published("my-registry", "banana-1.0.0.gem")).await;
    assert_eq!(no_gem["statusCode"], 422);
    proxy.inject("PutObject", Fault::Refuse, ALWAYS);
    let refused = world.invoke(&published("files", "notes-1.0.0.txt")).await;
    assert_eq!(refused["statusCode"], 500);
    proxy.clear();
    proxy.inject("PutObject", Fault::Fail, ALWAYS);
    let failed = world.invoke(&published("files", "notes-1.0.0.txt")).await;
    assert_eq!(failed["statusCode"], 503);

    let mut told = String::new();
    for line in world.answered(4).await {
        told.push_str(&format!(
            "{} {} {}\n",
            line["route"], line["status"], line["inside"]
        ));
    }
    assert_snapshot!(told);
    let environment = world.stack.environment();
    world.assert_never_logged(&[
        DEVELOPMENT_TOKEN,
        MISTYPED,
        CONTENT,
        &BASE64.encode(CONTENT)[..20],
        &environment["AWS_SECRET_ACCESS_KEY"],
    ]);
}

/// Also one that may take longer than the gateway waits, as a copy of a large file does.
#[tokio::test]
async fn a_call_is_answered_before_its_sandbox_ends() {
    const LIFETIME: Duration = Duration::from_secs(2);
    let (mut world, proxy) = World::behind_proxy().await;
    let publish = event("rest", "publish");
    let published = world.invoke(&publish).await;
    let package = published["body"]["id"].as_str().expect("an id");
    let mut copy = about(&event("rest", "get"), &format!("{package}/copy"));
    copy["httpMethod"] = json!("POST");
    copy["multiValueQueryStringParameters"] = json!({"to": ["my-registry"]});
    for (calls, event, operation, inside) in [
        (2, publish, "PutObject", "the call's time was up"),
        (3, copy, "CopyObject", "the sandbox's time was up"),
    ] {
        proxy.inject(operation, Fault::Hang, ALWAYS);
        let started = Instant::now();
        let event = event.to_string().into();
        let answer = world.function.invoke_within(LIFETIME, event).await;
        assert!(started.elapsed() < LIFETIME, "{:?}", started.elapsed());
        let answer = read(answer);
        assert_eq!(answer["statusCode"], 503, "{answer}");
        let answered = world.answered(calls).await;
        assert_eq!(answered.last().expect("a line")["inside"], inside);
    }
}

/// The connection is opened early where it can be, and is nothing to wait for.
#[tokio::test]
async fn a_function_whose_table_does_not_answer_polls_nonetheless() {
    let stack = seeded_stack(StackOptions::default()).await;
    let proxy = FaultProxy::start(&stack).await;
    let gate = Gate::new();
    proxy.inject("GetItem", Fault::PauseBefore(gate.clone()), ALWAYS);
    let environment = proxy.environment(&stack);
    let mut world = World::of(stack, &environment).await;
    let reached = tokio::time::timeout(Duration::from_mins(1), gate.reached());
    reached.await.expect("the connection is opened early");
    assert_eq!(world.invoke(&event("rest", "get")).await["statusCode"], 404);
}

#[tokio::test]
async fn an_event_of_no_front_door_is_an_error_and_the_function_lives_on() {
    let mut world = World::new().await;
    let error = world
        .function
        .invoke("{}".into())
        .await
        .expect_err("it is no request");
    let error: Value = serde_json::from_slice(&error).expect("JSON");
    assert!(error["errorMessage"].is_string(), "{error}");
    assert_eq!(world.invoke(&event("rest", "health")).await["statusCode"], 200);
}

#[tokio::test]
async fn the_sweep_answers_its_schedule_with_a_report() {
    let world = World::new().await;
    let records = Records::new(&world.stack.sdk_config(), world.stack.table());
    records.mark(world.stack.bucket()).await.expect("marked");
    let mut sweep = Function::start(&command("sweep"), &world.stack.environment()).await;
    let scheduled = json!({
        "version": "0", "id": "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2024-08-30T06:40:00Z",
        "region": "eu-central-1", "resources": ["arn:aws:events:eu-central-1:123456789012:rule/sweep"],
        "detail": {},
    });
    let report = sweep
        .invoke(scheduled.to_string().into())
        .await
        .expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_json_snapshot!(report);
}

#[tokio::test]
async fn a_sweep_of_a_foreign_table_is_a_failed_invocation() {
    let world = World::new().await;
    let records = Records::new(&world.stack.sdk_config(), world.stack.table());
    records.mark("another-bucket").await.expect("marked");
    let mut sweep = Function::start(&command("sweep"), &world.stack.environment()).await;
    let error = sweep
        .invoke("{}".into())
        .await
        .expect_err("the table is another bucket's");
    let error: Value = serde_json::from_slice(&error).expect("JSON");
    assert_json_snapshot!(error["errorMessage"]);
}
