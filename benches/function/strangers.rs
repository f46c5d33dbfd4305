//! Costs that a stranger can cause: the largest requests without a valid token.

use std::time::Duration;

use serde_json::{Value, json};

use super::form::{Form, Part};
use super::sandbox::{Sandbox, publish};
use super::{BODY_BYTES, Bench, MAX_MEMORY_RATIO, large};

/// Processor time of one refusal.
const MAX_TIME: Duration = Duration::from_millis(250);

/// Every request is answered 401, for little of a processor and no more memory than a publish of its size.
pub(crate) async fn within_bounds(bench: &Bench) -> bool {
    let mut sandbox = Sandbox::start(&bench.function, &bench.environment).await;
    let slashes = "/".repeat(BODY_BYTES as usize);
    let part = Part::new(&format!("X: {}", "x".repeat(16_000)), vec![b'x'; 24_000]);
    let forms = [
        ("a file", large(BODY_BYTES)),
        (
            "a package_url of slashes",
            Form::of(&[Part::field("package_url", &slashes)]),
        ),
        ("100 parts", Form::of(&vec![part; 100])),
    ];
    let invented = packages_api::Secret::generate().expect("randomness");
    let mut longest = (Duration::ZERO, String::new());
    for (name, form) in &forms {
        for (who, token) in [("nobody", None), ("an invented token", Some(invented.expose()))] {
            let event = without_access(&publish("files", form), token);
            let before = sandbox.processor_time();
            let answer = sandbox.invoke(event).await;
            assert_eq!(answer["statusCode"], 401, "{name} of {who}: {answer}");
            let took = sandbox.processor_time().saturating_sub(before);
            longest = longest.max((took, format!("{name} of {who}")));
        }
    }
    let (time, name) = longest;
    let ratio = (sandbox.peak() - sandbox.idle) / (f64::from(BODY_BYTES) / 1e6);
    println!(
        "without a valid token: at most {time:.1?} of a processor ({name}; at most {MAX_TIME:?}), and {ratio:.2} \
         times the body more memory (at most {MAX_MEMORY_RATIO})"
    );
    time <= MAX_TIME && ratio <= MAX_MEMORY_RATIO
}

/// The event with another token, or with none.
fn without_access(event: &str, token: Option<&str>) -> String {
    let mut event: Value = serde_json::from_str(event).expect("JSON");
    for headers in ["headers", "multiValueHeaders"] {
        let headers = event[headers].as_object_mut().expect("headers");
        headers.retain(|name, _| !name.eq_ignore_ascii_case("authorization"));
    }
    if let Some(token) = token {
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
        event["multiValueHeaders"]["authorization"] = json!([format!("Bearer {token}")]);
    }
    event.to_string()
}
