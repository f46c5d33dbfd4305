//! `admin package history`: what the log of a function says of one package.

use std::process::Stdio;
use std::time::Duration;

use http::Method;
use packages_api_local::{Stack, StackOptions};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::command;
use crate::support::event::event;
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;

/// The function in its sandbox, as Lambda logs it.
struct Sandbox {
    function: Function,
    stack: Stack,
    calls: usize,
}

impl Sandbox {
    async fn start() -> Self {
        let stack = seeded_stack(StackOptions::default()).await;
        let command = vec![env!("CARGO_BIN_EXE_packages-api").to_owned()];
        let function = Function::start(&command, &stack.environment()).await;
        Self {
            function,
            stack,
            calls: 0,
        }
    }

    /// The body that the function answers the event of a REST API with.
    async fn invoke(&mut self, event: &Value) -> Value {
        self.calls += 1;
        let answer = self.function.invoke(event.to_string().into()).await;
        let answer: Value = serde_json::from_slice(&answer.expect("no error")).expect("JSON");
        serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default()
    }

    /// All lines of the log, once there is one for each call.
    async fn log(&self) -> String {
        for _ in 0..500 {
            let log = self.function.log();
            if log.iter().filter(|line| line.contains("\"answered\"")).count() >= self.calls {
                return log.join("\n") + "\n";
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("calls without a line: {:#?}", self.function.log());
    }

    /// The output of `admin package history` for this package, with the log at its standard input.
    async fn history(&self, package: &str, log: &str) -> Value {
        let mut admin = Command::new(env!("CARGO_BIN_EXE_admin"))
            .args(["--json", "package", "history", package, "--log", "-"])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary is there");
        let mut input = admin.stdin.take().expect("piped");
        input.write_all(log.as_bytes()).await.expect("it reads");
        drop(input);
        let output = admin.wait_with_output().await.expect("it ends");
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// The event of a get, made one of another method and path.
fn request(method: &Method, path: &str) -> Value {
    let mut event = event("rest", "get");
    event["httpMethod"] = json!(method.as_str());
    event["path"] = json!(path);
    event["pathParameters"] = json!({"proxy": path.trim_start_matches('/')});
    event
}

#[tokio::test]
async fn history_has_exactly_the_packages_own_calls() {
    let mut sandbox = Sandbox::start().await;
    let published = sandbox.invoke(&event("rest", "publish")).await;
    let id = published["id"].as_str().expect("an id").to_owned();
    let url = published["url"].as_str().expect("a url");
    let path = &url[url.find("/v2/").expect("a path")..];
    sandbox.invoke(&request(&Method::GET, path)).await;
    sandbox
        .invoke(&request(&Method::HEAD, &format!("{path}/download")))
        .await;
    let mut nobody = request(&Method::DELETE, path);
    nobody["headers"] = json!({});
    nobody["multiValueHeaders"] = json!({});
    sandbox.invoke(&nobody).await;
    sandbox
        .invoke(&request(
            &Method::GET,
            &path.replace(&id, "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44"),
        ))
        .await;
    sandbox.invoke(&request(&Method::DELETE, path)).await;
    let log = sandbox.log().await;

    let tokens = command::run(&sandbox.stack, "admin --json token list my_great_org").await;
    let tokens: Value = serde_json::from_slice(&tokens.stdout).expect("JSON");
    let token = &tokens[0]["id"];
    let package = format!("my_great_org/my-registry/{id}");
    let noise = format!("START RequestId: x\n2026-01-02 {log}{{\"message\": 1}}\n{{\n\u{fffd}");
    for log in [&log, &noise] {
        let history = sandbox.history(&package, log).await;
        let history = history.as_array().expect("a list").iter();
        let history: Vec<_> = history
            .map(|event| json!([event["route"], event["status"], event["token_id"]]))
            .collect();
        let expected = [
            json!(["PublishPackage", 200, token]),
            json!(["GetPackage", 200, token]),
            json!(["DescribeFile", 200, token]),
            json!(["DeletePackage", 401, null]),
            json!(["DeletePackage", 200, token]),
        ];
        assert_eq!(history, expected);
    }
    let elsewhere = format!("my_great_org/files/{id}");
    assert_eq!(sandbox.history(&elsewhere, &log).await, json!([]));
}

#[tokio::test]
async fn query_is_printed_without_a_log() {
    let stack = Stack::start(StackOptions::default()).await.expect("a stack");
    let mut transcript = String::new();
    for package in [
        "my_great_org/my-registry/0191E23A-4BC8-7683-BFA4-5F73BC9B7C44",
        "my_great_org/my-registry",
        "my_great_org/my-registry/banana",
        "my_great_org/my-registry/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44 --log nowhere",
    ] {
        transcript.push_str(&command::transcript(&stack, &format!("admin package history {package}")).await);
    }
    insta::assert_snapshot!(transcript);
}
