//! What the deployed function costs, beside what bounds it in the same run: how soon it polls,
//! beside a bare function; and the memory of a publish, beside the body's size.
//!
//! `FUNCTION_BINARY` and `BARE_BINARY` name release builds; see `.ci/measure`. Exits with 1 where a
//! bound is exceeded.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use runtime_api::Function;

#[path = "../tests/it/support/runtime_api.rs"]
mod runtime_api;
#[path = "../tests/it/support/seed.rs"]
mod seed;

const STARTS: usize = 31;
const MAX_FIRST_POLL_RATIO: f64 = 4.0;
const BODY_BYTES: u32 = 4_000_000;
const MAX_MEMORY_RATIO: f64 = 4.0;

#[tokio::main]
async fn main() -> ExitCode {
    let stack = seed::seeded_stack().await;
    let environment = stack.environment();
    let function = vec![std::env::var("FUNCTION_BINARY").expect("FUNCTION_BINARY is set")];
    let bare = vec![std::env::var("BARE_BINARY").expect("BARE_BINARY is set")];

    let (mut ours, mut least) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        ours.push(first_poll(&function, &environment).await);
        least.push(first_poll(&bare, &environment).await);
    }
    let (ours, least) = (median(ours), median(least));
    let poll = ours.as_secs_f64() / least.as_secs_f64();
    println!(
        "first poll: after {ours:.1?}, a bare function's after {least:.1?}: \
         {poll:.2} times (at most {MAX_FIRST_POLL_RATIO})"
    );

    let (idle, peak) = memory_of_a_publish(&function, &environment).await;
    let body = f64::from(BODY_BYTES) / 1e6;
    let memory = (peak - idle) / body;
    println!(
        "memory: idle {idle:.1} MB, at most {peak:.1} MB while {body:.1} MB are published: \
         {memory:.2} times the body more (at most {MAX_MEMORY_RATIO})"
    );
    if poll <= MAX_FIRST_POLL_RATIO && memory <= MAX_MEMORY_RATIO {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn first_poll(command: &[String], environment: &BTreeMap<String, String>) -> Duration {
    Function::start(command, environment).await.first_poll().await
}

/// The resident memory, in megabytes: before, and at its height.
async fn memory_of_a_publish(command: &[String], environment: &BTreeMap<String, String>) -> (f64, f64) {
    let mut function = Function::start(command, environment).await;
    let answer = publish(&mut function, 1).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let process = function.process.id().expect("it runs");
    let idle = resident(process, "VmRSS:");
    let answer = publish(&mut function, BODY_BYTES).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    (idle, resident(process, "VmHWM:"))
}

/// Publishes a file of this many bytes, in the form of the documented curl command.
async fn publish(function: &mut Function, bytes: u32) -> Value {
    let event = include_str!("../events/rest-publish.json").replace("my-registry", "files");
    let mut event: Value = serde_json::from_str(&event).expect("JSON");
    let mut form = format!(
        "--b\r\nContent-Disposition: attachment; name=\"file\"; filename=\"large-1.0.{bytes}.bin\"\r\n\r\n"
    )
    .into_bytes();
    // Numbers, one after another: no two blocks of the file are alike.
    form.extend((0..bytes / 4).flat_map(u32::to_le_bytes).chain([0]));
    form.extend(b"\r\n--b--\r\n");
    event["headers"]["content-type"] = json!("application/json; boundary=b");
    event["multiValueHeaders"]["content-type"] = json!(["application/json; boundary=b"]);
    event["body"] = json!(BASE64.encode(form));
    let answer = function.invoke(event.to_string().into()).await.expect("no error");
    serde_json::from_slice(&answer).expect("JSON")
}

fn resident(process: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status
        .lines()
        .find(|line| line.starts_with(name))
        .expect("Linux says so");
    let kilobytes: Option<f64> = line.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    kilobytes.expect("a number") * 1024.0 / 1e6
}

fn median(mut durations: Vec<Duration>) -> Duration {
    durations.sort_unstable();
    durations[durations.len() / 2]
}
