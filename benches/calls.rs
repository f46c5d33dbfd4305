//! What a call costs beside the calls of AWS that it cannot do without, through the same SDK and the
//! same stack, taken in turns: get beside the bare `BatchGetItem`, publish beside the bare
//! `PutObject` and transaction.
//!
//! Exits with 1 where a ratio is exceeded.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, Put, TransactWriteItem};
use aws_sdk_s3::primitives::ByteStream;
use lambda_http::{Body, Request};
use packages_api::{App, Config, DEVELOPMENT_TOKEN, Digest};
use packages_api_local::Stack;
use serde_json::Value;
use uuid::Uuid;

use file::File;
use gem::Gem;

#[path = "../tests/it/support/file.rs"]
mod file;
#[path = "../tests/it/support/gem.rs"]
#[expect(dead_code, reason = "the tests need more kinds of gems")]
mod gem;
#[path = "../tests/it/support/seed.rs"]
mod seed;

const MAX_RATIO: f64 = 1.3;
const PACKAGES: &str = "/v2/packages/organizations/my_great_org/registries/my-registry/packages";

#[tokio::main]
async fn main() -> ExitCode {
    let stack = seed::seeded_stack().await;
    let bench = Bench::new(&stack);
    let get = bench.get().await;
    let mut fine = report("get", "BatchGetItem", &get);
    // Most gems are this small; the largest that one call carries is 4 MB.
    for (name, bytes) in [("publish of 100 kB", 100_000), ("publish of 4 MB", 4_000_000)] {
        let publish = bench.publish(bytes).await;
        fine &= report(name, "PutObject + TransactWriteItems", &publish);
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Ours and the bare calls, each time in turns.
type Times = [Vec<Duration>; 2];

struct Bench {
    app: App,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    table: String,
    bucket: String,
}

impl Bench {
    fn new(stack: &Stack) -> Self {
        let sdk = stack.sdk_config();
        Self {
            app: App::new(Config::new(stack.table(), stack.bucket()), &sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            s3: aws_sdk_s3::Client::new(&sdk),
            table: stack.table().to_owned(),
            bucket: stack.bucket().to_owned(),
        }
    }

    async fn get(&self) -> Times {
        const ROUNDS: usize = 1_000;
        let id = self.call(publish(&banana(0, 100_000))).await["id"].clone();
        let id = id.as_str().expect("an id");
        let keys = self.keys_of_a_get(id).await;
        let mut times = Times::default();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            self.call(request("GET", &format!("{PACKAGES}/{id}"), Body::Empty))
                .await;
            times[0].push(began.elapsed());
            let began = Instant::now();
            self.read(keys.clone()).await;
            times[1].push(began.elapsed());
        }
        times
    }

    async fn publish(&self, bytes: usize) -> Times {
        const ROUNDS: usize = 100;
        let mut times = Times::default();
        for round in 0..ROUNDS {
            let gem = banana(1 + bytes + round, bytes);
            let digest = Digest::sha256(&gem.bytes).to_base64();
            let form = publish(&gem);
            let began = Instant::now();
            let package = self.call(form).await;
            times[0].push(began.elapsed());
            let items = self.items_of(package["id"].as_str().expect("an id")).await;
            let began = Instant::now();
            self.write(gem.bytes, digest, items).await;
            times[1].push(began.elapsed());
        }
        times
    }

    /// The answer of the function.
    async fn call(&self, request: Request) -> Value {
        let answer = self.app.handle(request).await;
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(answer.status(), 200, "{body}");
        body
    }

    async fn read(&self, keys: KeysAndAttributes) {
        let read = self.dynamodb.batch_get_item().request_items(&self.table, keys);
        let answer = read.send().await.expect("an answer");
        assert_eq!(answer.responses.expect("items")[&self.table].len(), 3);
    }

    async fn write(&self, bytes: Vec<u8>, sha256: String, items: Vec<TransactWriteItem>) {
        let put = self.s3.put_object().bucket(&self.bucket);
        let key = format!("packages/my_great_org/my-registry/{}", Uuid::now_v7());
        let put = put.key(key).checksum_sha256(sha256).body(ByteStream::from(bytes));
        put.send().await.expect("stored");
        let transaction = self
            .dynamodb
            .transact_write_items()
            .set_transact_items(Some(items));
        let token = Uuid::now_v7().to_string();
        transaction
            .client_request_token(token)
            .send()
            .await
            .expect("applied");
    }

    /// Token, registry and package.
    async fn keys_of_a_get(&self, id: &str) -> KeysAndAttributes {
        let wanted = |item: &&HashMap<String, AttributeValue>| {
            let text = |name| item[name].as_s().expect("text").as_str();
            matches!(text("sk"), "token" | "registry/my-registry") || text("sk") == id
        };
        let all = self.scan().await;
        let key = |item: &HashMap<String, AttributeValue>| {
            HashMap::from(["pk", "sk"].map(|name| (name.to_owned(), item[name].clone())))
        };
        let keys = all.iter().filter(wanted).map(key).collect();
        let keys = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true);
        keys.build().expect("keys")
    }

    /// The records of this package once more, under other keys and with their conditions.
    async fn items_of(&self, id: &str) -> Vec<TransactWriteItem> {
        let mut items = Vec::new();
        for mut item in self.scan().await {
            let is_of = |name| {
                item.get(name)
                    .and_then(|value| value.as_s().ok())
                    .is_some_and(|value| value == id)
            };
            if !is_of("id") && !is_of("package_id") {
                continue;
            }
            let is_release = is_of("package_id");
            let pk = item["pk"].as_s().expect("text").clone() + "-again";
            item.insert("pk".to_owned(), AttributeValue::S(pk));
            let mut put = Put::builder().table_name(&self.table).set_item(Some(item));
            if is_release {
                put = put
                    .condition_expression("attribute_not_exists(pk) OR registry_id < :registry_id")
                    .expression_attribute_values(":registry_id", AttributeValue::S(id.to_owned()));
            }
            let put = put.build().expect("a put");
            items.push(TransactWriteItem::builder().put(put).build());
        }
        assert_eq!(items.len(), 3);
        items
    }

    async fn scan(&self) -> Vec<HashMap<String, AttributeValue>> {
        let scan = self
            .dynamodb
            .scan()
            .table_name(&self.table)
            .into_paginator()
            .items();
        scan.send()
            .collect::<Result<_, _>>()
            .await
            .expect("a readable table")
    }
}

/// A gem of about this size that is like no other.
fn banana(number: usize, bytes: usize) -> File {
    let member = (0..bytes).map(|at| (at * 31 + number).to_le_bytes()[0]);
    let version = format!("1.{number}.0");
    Gem::new("banana", &version)
        .member("code", member.collect::<Vec<_>>())
        .build()
}

fn publish(file: &File) -> Request {
    let head = format!(
        "--b\r\nContent-Disposition: attachment; name=\"file\"; filename=\"{}\"\r\n\r\n",
        file.name
    );
    let body = [head.as_bytes(), &file.bytes, b"\r\n--b--\r\n"].concat();
    request("POST", PACKAGES, Body::Binary(body))
}

fn request(method: &str, path: &str, body: Body) -> Request {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {DEVELOPMENT_TOKEN}"))
        .header("content-type", "application/json; boundary=b");
    request.body(body).expect("a request")
}

fn report(ours: &str, bare: &str, times: &Times) -> bool {
    let [our_median, bare_median] = times.each_ref().map(|times| median(times.clone()));
    let ratio = our_median.as_secs_f64() / bare_median.as_secs_f64();
    println!(
        "{ours}: {our_median:.1?}, bare {bare}: {bare_median:.1?}: {ratio:.2} times (at most {MAX_RATIO})"
    );
    ratio <= MAX_RATIO
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
