//! The embedded DynamoDB as those see it who have no key to it.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use packages_api::Digest;
use packages_api_local::{Stack, StackOptions};
use reqwest::header::{AUTHORIZATION, HOST, HeaderName};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};

const BODY: &str = "{}";
const TARGET: &str = "DynamoDB_20120810.ListTables";

/// A request that is signed with this key at this time.
fn signed(stack: &Stack, id: &str, secret: &str, time: SystemTime) -> RequestBuilder {
    let stamp = DateTime::from(time).fmt(DateTimeFormat::DateTime).unwrap();
    let stamp = format!("{}Z", &stamp.replace(['-', ':'], "")[..15]);
    let day = &stamp[..8];
    let host = stack.dynamodb_endpoint().trim_start_matches("http://").to_owned();
    let canonical = format!(
        "POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\nx-amz-target:{TARGET}\n\nhost;x-amz-date;x-amz-target\n{}",
        Digest::sha256(BODY.as_bytes())
    );
    let scope = format!("{day}/eu-west-1/dynamodb/aws4_request");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
        Digest::sha256(canonical.as_bytes())
    );
    let key = generate_signing_key(secret, time, "eu-west-1", "dynamodb");
    let signature = calculate_signature(key, to_sign.as_bytes());
    Client::new()
        .post(stack.dynamodb_endpoint())
        .header("x-amz-date", stamp)
        .header("x-amz-target", TARGET)
        .header(
            AUTHORIZATION,
            format!(
                "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders=host;x-amz-date;x-amz-target, \
                 Signature={signature}"
            ),
        )
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (
        status,
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap(),
    )
}

fn kind(answer: &(u16, Value)) -> (u16, &str) {
    let kind = answer.1["__type"].as_str().unwrap();
    assert!(answer.1["message"].as_str().unwrap().ends_with('.'), "{answer:?}");
    (answer.0, kind.trim_start_matches("com.amazon.coral.service#"))
}

#[tokio::test]
async fn only_the_stacks_own_key_opens_the_table() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let environment = stack.environment();
    let (id, secret) = (
        &environment["AWS_ACCESS_KEY_ID"],
        &environment["AWS_SECRET_ACCESS_KEY"],
    );
    let now = SystemTime::now();
    let opened = answer(signed(&stack, id, secret, now).body(BODY)).await;
    assert_eq!(opened, (200, json!({"TableNames": [stack.table()]})));

    let unsigned = Client::new()
        .post(stack.dynamodb_endpoint())
        .header("x-amz-target", TARGET);
    let late = now - Duration::from_mins(16);
    for (request, expected) in [
        (unsigned.body(BODY), "MissingAuthenticationTokenException"),
        (
            signed(&stack, "local", "local-stack-only", now).body(BODY),
            "UnrecognizedClientException",
        ),
        (
            signed(&stack, id, "local-stack-only", now).body(BODY),
            "InvalidSignatureException",
        ),
        (
            signed(&stack, id, secret, now).body("{\"Limit\":1}"),
            "InvalidSignatureException",
        ),
        (
            signed(&stack, id, secret, now)
                .header("x-amz-target", "DynamoDB_20120810.Scan")
                .body(BODY),
            "IncompleteSignatureException",
        ),
        (
            signed(&stack, id, secret, now)
                .header(HOST, "localhost")
                .body(BODY),
            "InvalidSignatureException",
        ),
        (
            signed(&stack, id, secret, late).body(BODY),
            "InvalidSignatureException",
        ),
    ] {
        let refused = answer(request).await;
        assert_eq!(kind(&refused), (400, expected), "{refused:?}");
    }
}

#[tokio::test]
async fn every_start_makes_a_new_key() {
    let one = Stack::start(StackOptions::default()).await.unwrap().environment();
    let other = Stack::start(StackOptions::default()).await.unwrap().environment();
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        assert_ne!(one[name], other[name], "{name}");
    }
}

#[tokio::test]
async fn answers_allow_no_other_origins() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    for endpoint in [stack.dynamodb_endpoint(), stack.s3_endpoint()] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let request = Client::new()
                .request(method.clone(), &endpoint)
                .header("origin", "http://evil.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "x-amz-target");
            let answer: Response = request.send().await.unwrap();
            assert!(!answer.status().is_success(), "{method} {endpoint}: {answer:?}");
            let shared = |name: &&str| name.starts_with("access-control-");
            let names: Vec<_> = answer.headers().keys().map(HeaderName::as_str).collect();
            assert_eq!(
                names.iter().find(|name| shared(name)),
                None,
                "{method} {endpoint}"
            );
        }
    }
}
