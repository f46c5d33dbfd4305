//! `openapi.yaml` and the API say the same. What the answers of all other tests hold is held against
//! it where they arrive ([`assert_described`](crate::support::description::assert_described)), and the
//! table of routes in `src/route.rs`.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;

use crate::support::app::TestApp;
use crate::support::description::{DESCRIPTION, resolved};

const METHODS: [Method; 8] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
];

#[tokio::test]
async fn description_is_served_unchanged() {
    let app = TestApp::start().await;
    let served = app.user.authorized(None).call(Method::GET, "/openapi.yaml").await;
    assert_eq!(served.status, 200);
    assert_eq!(served.text(), include_str!("../../../openapi.yaml"));
    assert_eq!(DESCRIPTION["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn described_paths_take_only_the_described_methods() {
    let app = TestApp::start().await;
    for (template, path) in DESCRIPTION["paths"].as_object().unwrap() {
        let address = template
            .replace("{organization}", "my_great_org")
            .replace("{registry}", "my-registry")
            .replace("{id}", "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44");
        let described = |method: &Method| path.get(method.as_str().to_ascii_lowercase()).is_some();
        for method in METHODS {
            let answer = app.user.call(method.clone(), &address).await;
            let taken = described(&method) || method == Method::HEAD && described(&Method::GET);
            assert_eq!(
                answer.status != 405,
                taken,
                "{method} {template}: {}",
                answer.status
            );
            if !taken {
                let allow: BTreeSet<_> = answer.header("allow").unwrap().split(", ").collect();
                let expected = METHODS.iter().filter(|method| {
                    described(method) || **method == Method::HEAD && described(&Method::GET)
                });
                assert_eq!(allow, expected.map(Method::as_str).collect(), "{template}");
            }
        }
    }
}

#[test]
fn every_call_documents_its_errors() {
    for (template, path) in DESCRIPTION["paths"].as_object().unwrap() {
        let operations = path
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "parameters");
        for (method, operation) in operations {
            let responses = operation["responses"].as_object().unwrap();
            let open = operation.get("security").is_some();
            let mut expected = vec!["400", "413", "431", "500", "504"];
            expected.extend(["401", "403", "404", "429", "503"].iter().filter(|_| !open));
            for status in expected {
                assert!(responses.contains_key(status), "{method} {template}: {status}");
            }
            for (status, response) in responses {
                // These two are never the function's own.
                let front_doors = matches!(status.as_str(), "431" | "504");
                let header = resolved(response).pointer("/headers/x-request-id");
                let required = header.is_some_and(|header| resolved(header)["required"] == Value::Bool(true));
                assert!(required || front_doors, "{method} {template}: {status}");
            }
            assert!(operation["operationId"].is_string(), "{method} {template}");
        }
    }
}

/// An object that allows more than it names would let any mistake pass.
#[test]
fn bodies_are_described_completely() {
    for (name, schema) in DESCRIPTION["components"]["schemas"].as_object().unwrap() {
        let schema = resolved(schema);
        assert_eq!(schema["type"], "object", "{name}");
        assert_eq!(schema["additionalProperties"], Value::Bool(false), "{name}");
        let properties: BTreeSet<_> = schema["properties"].as_object().unwrap().keys().collect();
        let required = schema["required"].as_array().unwrap().iter();
        let required: BTreeSet<_> = required.map(|name| name.as_str().unwrap().to_owned()).collect();
        let optional: Vec<_> = properties
            .iter()
            .filter(|name| !required.contains(**name))
            .collect();
        let expected: &[&str] = match name.as_str() {
            "AuditSubject" => &["tag"],
            "Links" => &["first", "next", "prev"],
            "Package" => &["attestations_url"],
            "PostFormData" => &["x-amz-security-token"],
            "TooLargeError" => &["error"],
            "WholeRegistry" => &["reuse"],
            _ => &[],
        };
        assert_eq!(optional, expected.iter().collect::<Vec<_>>(), "{name}");
    }
}
