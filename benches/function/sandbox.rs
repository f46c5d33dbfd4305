//! A function in its sandbox, and what it takes of the machine.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::form::Form;
use super::runtime_api::Function;

/// A function that has answered once.
pub(crate) struct Sandbox {
    function: Function,
    /// Its resident memory then, in megabytes.
    pub(crate) idle: f64,
}

impl Sandbox {
    pub(crate) async fn start(command: &[String], environment: &BTreeMap<String, String>) -> Self {
        let function = Function::start(command, environment).await;
        let mut sandbox = Self { function, idle: 0.0 };
        let answer = sandbox.invoke(publish("files", &super::large(1))).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        sandbox.idle = sandbox.resident("VmRSS:");
        sandbox
    }

    pub(crate) async fn invoke(&mut self, event: String) -> Value {
        let answer = self.function.invoke(event.into()).await;
        serde_json::from_slice(&answer.expect("no error")).expect("JSON")
    }

    /// The most resident memory that it ever had, in megabytes.
    pub(crate) fn peak(&self) -> f64 {
        self.resident("VmHWM:")
    }

    /// Forgets the most that it ever had (proc(5), `clear_refs`).
    pub(crate) fn forget_peak(&self) {
        std::fs::write(self.proc("clear_refs"), "5").expect("it runs");
    }

    /// The processor's time that it has taken (proc(5), `stat`): ticks of a hundredth of a second.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).expect("it runs");
        let (_, fields) = stat.rsplit_once(')').expect("Linux says so");
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|text| text.parse::<u64>().ok())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    fn proc(&self, file: &str) -> String {
        let process = self.function.process.id().expect("it runs");
        format!("/proc/{process}/{file}")
    }

    fn resident(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(self.proc("status")).expect("it runs");
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .expect("Linux says so");
        let kilobytes: Option<f64> = line.split_whitespace().nth(1).and_then(|text| text.parse().ok());
        kilobytes.expect("a number") * 1024.0 / 1e6
    }
}

/// The event of a publish through a REST API.
pub(crate) fn publish(registry: &str, form: &Form) -> String {
    let event = include_str!("../../events/rest-publish.json").replace("my-registry", registry);
    let mut event: Value = serde_json::from_str(&event).expect("JSON");
    event["headers"]["content-type"] = json!(form.content_type);
    event["multiValueHeaders"]["content-type"] = json!([form.content_type]);
    event["body"] = json!(BASE64.encode(&form.body));
    event.to_string()
}
