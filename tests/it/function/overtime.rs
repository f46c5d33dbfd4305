//! Publishes that take longer than their front door waits.

use std::time::Duration;

use insta::assert_json_snapshot;
use packages_api_local::StackOptions;
use serde_json::{Value, json};

use super::fixture::{Fixture, command, published_as_text};
use crate::support::contents::Contents;
use crate::support::event::event;
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::runtime_api::Function;
use crate::support::seed::seeded_stack;
use crate::support::uploads::put;

const LIFETIME: Duration = Duration::from_mins(2);

/// Two sandboxes of a deployment in which a publish outlasts its front door after four seconds.
struct Deployment {
    first: Fixture,
    second: Function,
    proxy: FaultProxy,
}

impl Deployment {
    async fn start(transfer: &str) -> Self {
        let stack = seeded_stack(StackOptions::default()).await;
        let proxy = FaultProxy::start(&stack).await;
        let mut environment = proxy.environment(&stack);
        for (name, value) in [
            ("RESPONSE_TRANSFER", transfer),
            ("REQUEST_TIMEOUT_SECONDS", "4"),
            ("LONG_REQUEST_TIMEOUT_SECONDS", "4"),
        ] {
            environment.insert(name.to_owned(), value.to_owned());
        }
        Self {
            second: Function::start(&command("packages-api"), &environment).await,
            first: Fixture::of(stack, &environment).await,
            proxy,
        }
    }

    /// The event that publishes a gem, which is put where a form would have posted it.
    async fn publish_of_upload(&mut self) -> Value {
        let request = event("rest", "publish").to_string();
        let request = request.replace("/packages\"", "/packages/upload\"");
        let request = serde_json::from_str(&request).expect("still JSON");
        let form = answered(&mut self.first.function, &request).await.body["form"].clone();
        let gem = Gem::banana().build();
        let key = form["data"]["key"].as_str().expect("a key");
        let key = key.replace("${filename}", &gem.name);
        put(&self.first.stack, &key, &gem.bytes).await;
        let url = format!("{}/{key}", form["url"].as_str().expect("an address"));
        let body =
            format!("--b\r\nContent-Disposition: form-data; name=\"package_url\"\r\n\r\n{url}\r\n--b--\r\n");
        published_as_text("rest", "my-registry", "multipart/form-data; boundary=b", &body)
    }

    /// Returns when the mark of a publish under way has been put.
    async fn marked(&self) {
        let marked = async {
            while !self.proxy.calls().contains(&"PutItem".to_owned()) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let marked = tokio::time::timeout(LIFETIME, marked).await;
        marked.expect("a mark");
    }
}

/// An answer of either kind.
#[derive(Debug)]
struct Seen {
    status: Value,
    body: Value,
}

async fn answered(function: &mut Function, event: &Value) -> Seen {
    let answered = function.answer_within(LIFETIME, event.to_string().into()).await;
    let answered = answered.expect("no error");
    let text = String::from_utf8(answered.bytes.to_vec()).expect("UTF-8");
    let (head, body) = text.split_once(&"\0".repeat(8)).unwrap_or((&text, ""));
    assert_eq!(answered.is_streamed, !body.is_empty());
    let head: Value = serde_json::from_str(head).expect("JSON");
    let body = head["body"].as_str().unwrap_or(body);
    Seen {
        status: head["statusCode"].clone(),
        body: serde_json::from_str(body).expect("JSON"),
    }
}

/// The work goes on after the answer: the sandbox asks for no other event until it has ended.
async fn publish_outlasts_its_front_door(transfer: &str) {
    let mut deployment = Deployment::start(transfer).await;
    let publish = deployment.publish_of_upload().await;
    let gate = Gate::new();
    deployment
        .proxy
        .inject("CopyObject", Fault::PauseBefore(gate.clone()), ALWAYS);

    let answer = answered(&mut deployment.first.function, &publish).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_json_snapshot!("goes_on", answer.body);
    // Another sandbox finds the mark of the work, and waits for it as long as it may.
    deployment.marked().await;
    let waited = answered(&mut deployment.second, &publish).await;
    assert_eq!(waited.status, 503, "{waited:?}");
    assert_json_snapshot!("in_progress", waited.body);
    // The request for a form and the publish were polled; nothing since.
    assert_eq!(deployment.first.function.polls(), 2);

    gate.open();
    deployment.first.function.polled(3).await;
    let repeat = answered(&mut deployment.second, &publish).await;
    assert_eq!(repeat.status, 200, "{repeat:?}");
    let id = repeat.body["id"].as_str().expect("an id");
    let again = answered(&mut deployment.first.function, &publish).await;
    assert_eq!(again.body, repeat.body);
    let contents = Contents::of(&deployment.first.stack).await;
    assert_eq!(assert_consistent(&contents), [id]);

    let lines = deployment.first.answered(4).await;
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            json!([
                line["level"],
                line["message"],
                line["status"],
                line["package_id"] == id
            ])
        })
        .collect();
    assert_json_snapshot!("lines", lines);
}

#[tokio::test]
async fn streamed_publishes_go_on_after_their_answer() {
    publish_outlasts_its_front_door("streamed").await;
}

#[tokio::test]
async fn buffered_publishes_go_on_after_their_answer() {
    publish_outlasts_its_front_door("buffered").await;
}
