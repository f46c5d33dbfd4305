//! Events of the front doors, as `events/` has them.

use serde_json::Value;

/// The package that the events of get and delete name.
const PACKAGE: &str = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";

/// The event in `events/{door}-{call}.json`.
pub(crate) fn event(door: &str, call: &str) -> Value {
    let path = format!("{}/events/{door}-{call}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("the event is there")).expect("it is JSON")
}

/// The same event about another package.
pub(crate) fn about(event: &Value, package: &str) -> Value {
    let text = event.to_string().replace(PACKAGE, package);
    serde_json::from_str(&text).expect("still JSON")
}
