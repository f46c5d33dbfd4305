//! Costs of calls beside the calls of AWS that they consist of, through the same SDK and the same stack (in a folder, as
//! `cargo run` has it), taken in turns: get beside the bare `BatchGetItem`, publish beside the bare `BatchGetItem` that
//! authorizes it, `PutObject` and transaction, and also beside its writes alone.
//!
//! Exits with 1 where a ratio is exceeded. Benchmarks are built as the function is.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{
    AttributeValue, KeysAndAttributes, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use aws_sdk_s3::primitives::ByteStream;
use lambda_http::{Body, Context, Request, RequestExt as _, Response};
use packages_api::{App, Config, DEVELOPMENT_TOKEN, Digest};
use packages_api_local::{Stack, StackOptions};
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

/// The most times that a call may take as long as all of its calls of AWS.
const MAX_RATIO: f64 = 1.1;
/// The most times that a publish may take as long as its writes.
const MAX_RATIO_TO_WRITES: f64 = 1.3;
const PACKAGES: &str = "/v2/packages/organizations/my_great_org/registries/my-registry/packages";

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = seed::seeded_stack(StackOptions {
        data_dir: Some(folder.path().to_owned()),
        ..StackOptions::default()
    })
    .await;
    let bench = Bench::new(&stack);
    let [ours, bare] = bench.get().await;
    let mut fine = report(("get", &ours), ("BatchGetItem", &bare), MAX_RATIO);
    // Most gems are this small; the largest that one call carries is 4 MB.
    for (name, bytes, rounds) in [
        ("publish of 100 kB", 100_000, 1_000),
        ("publish of 4 MB", 4_000_000, 200),
    ] {
        let [ours, reads, writes] = bench.publish(bytes, rounds).await;
        let all: Vec<_> = reads
            .iter()
            .zip(&writes)
            .map(|(read, write)| *read + *write)
            .collect();
        let publish = (name, ours.as_slice());
        let calls = "BatchGetItem + PutObject + TransactWriteItems";
        fine &= report(publish, (calls, &all), MAX_RATIO);
        fine &= report(
            publish,
            ("PutObject + TransactWriteItems", &writes),
            MAX_RATIO_TO_WRITES,
        );
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Duration of each round.
type Times = Vec<Duration>;

struct Bench {
    app: App,
    dynamodb: aws_sdk_dynamodb::Client,
    s3: aws_sdk_s3::Client,
    table: String,
    bucket: String,
}

impl Bench {
    fn new(stack: &Stack) -> Self {
        // Through sockets, as on AWS: past them, the calls would cost so little that nothing else could be beside them.
        let sdk = stack.sdk_config_through(stack.s3_endpoint(), stack.dynamodb_endpoint());
        Self {
            app: App::new(Config::new(stack.table(), stack.bucket()), &sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            s3: aws_sdk_s3::Client::new(&sdk),
            table: stack.table().to_owned(),
            bucket: stack.bucket().to_owned(),
        }
    }

    /// Ours, and the bare call.
    async fn get(&self) -> [Times; 2] {
        const ROUNDS: usize = 1_000;
        let id = id(&self.call(publish(&banana(0, 100_000))).await);
        let keys = self.keys(Some(&id)).await;
        let (mut ours, mut bare) = (Times::new(), Times::new());
        for round in 0..ROUNDS {
            let get = request("GET", &format!("{PACKAGES}/{id}"), Body::Empty);
            let (call, read) = (timed(self.call(get)), timed(self.read(keys.clone())));
            let (our, read) = in_turns(round, call, read).await;
            ours.push(our);
            bare.push(read);
        }
        [ours, bare]
    }

    /// Ours, the bare read, and the bare writes.
    async fn publish(&self, bytes: usize, rounds: usize) -> [Times; 3] {
        let gem = |round| banana(1 + bytes + round, bytes);
        let first = id(&self.call(publish(&gem(0))).await);
        let records = self.records_of(&first).await;
        let keys = self.keys(None).await;
        let (mut ours, mut reads, mut writes) = (Times::new(), Times::new(), Times::new());
        for round in 1..=rounds {
            let gem = gem(round);
            let form = publish(&gem);
            let digest = Digest::sha256(&gem.bytes).to_base64();
            let items = self.items(&records, round);
            let (call, read) = (timed(self.call(form)), timed(self.read(keys.clone())));
            let bare = async { (read.await, timed(self.write(gem.bytes, digest, items)).await) };
            let (our, (read, write)) = in_turns(round, call, bare).await;
            ours.push(our);
            reads.push(read);
            writes.push(write);
        }
        [ours, reads, writes]
    }

    /// The answer of the function.
    async fn call(&self, request: Request) -> Response<Body> {
        let answer = self.app.handle(request).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
        answer
    }

    async fn read(&self, keys: KeysAndAttributes) {
        let wanted = keys.keys().len();
        let read = self.dynamodb.batch_get_item().request_items(&self.table, keys);
        let answer = read.send().await.expect("an answer");
        assert_eq!(answer.responses.expect("items")[&self.table].len(), wanted);
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

    /// Token and registry, which authorize a call, and the package of this id.
    async fn keys(&self, package: Option<&str>) -> KeysAndAttributes {
        let wanted = |item: &&HashMap<String, AttributeValue>| {
            let text = |name| item[name].as_s().expect("text").as_str();
            let is_change = text("pk").starts_with("changes/");
            let is_package = package == Some(text("sk")) && !is_change;
            is_package || matches!(text("sk"), "token" | "registry/my-registry")
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

    /// The package, its name, its release, its change and its audit event.
    async fn records_of(&self, id: &str) -> Vec<HashMap<String, AttributeValue>> {
        let is_of = |item: &HashMap<String, AttributeValue>| {
            let mut ids = ["id", "package_id"].into_iter().filter_map(|name| item.get(name));
            let is_event = item["pk"].as_s().is_ok_and(|pk| pk.starts_with("audit/"));
            ids.any(|value| value.as_s().is_ok_and(|value| value == id))
                || (is_event && format!("{item:?}").contains(id))
        };
        let mut records = self.scan().await;
        records.retain(is_of);
        assert_eq!(records.len(), 5);
        records
    }

    /// These records once more, under other keys and with their conditions.
    fn items(&self, records: &[HashMap<String, AttributeValue>], round: usize) -> Vec<TransactWriteItem> {
        let items = records.iter().cloned().map(|mut item| {
            let pk = item["pk"].as_s().expect("text").clone() + "-again";
            let is_release = pk.starts_with("releases/");
            let registry_id = item.get("registry_id").cloned();
            let sk = format!("{}-{round}", item["sk"].as_s().expect("text"));
            item.insert("pk".to_owned(), AttributeValue::S(pk));
            item.insert("sk".to_owned(), AttributeValue::S(sk));
            let mut put = Put::builder().table_name(&self.table).set_item(Some(item));
            if is_release {
                let registry_id = registry_id.expect("a release's");
                put = put
                    .condition_expression("attribute_not_exists(pk) OR registry_id < :registry_id")
                    .expression_attribute_values(":registry_id", registry_id)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            }
            let put = put.build().expect("a put");
            TransactWriteItem::builder().put(put).build()
        });
        items.collect()
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

/// The id of the package that was published.
fn id(answer: &Response<Body>) -> String {
    let package: Value = serde_json::from_slice(answer.body()).expect("JSON");
    package["id"].as_str().expect("an id").to_owned()
}

/// A request as the function receives one: with the id of its event.
fn request(method: &str, path: &str, body: Body) -> Request {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {DEVELOPMENT_TOKEN}"))
        .header("content-type", "application/json; boundary=b");
    let mut context = Context::default();
    context.request_id = Uuid::now_v7().to_string();
    let request = request.body(body).expect("a request");
    request.with_lambda_context(context)
}

/// Results of both works, one after the other. Who is first finds everything else asleep: that is each of them in turns.
async fn in_turns<A, B>(
    round: usize,
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> (A, B) {
    let (one, other) = (Box::pin(one), Box::pin(other));
    if round.is_multiple_of(2) {
        (one.await, other.await)
    } else {
        let other = other.await;
        (one.await, other)
    }
}

async fn timed<T>(work: impl Future<Output = T>) -> Duration {
    let began = Instant::now();
    work.await;
    began.elapsed()
}

/// Prints the medians of ours and of the bare calls, and the median of what each round of both took, one beside the other:
/// a machine whose speed drifts is as fast for the one as for the other. Returns whether that is within its bound.
fn report((call, ours): (&str, &[Duration]), (calls, bare): (&str, &[Duration]), most: f64) -> bool {
    let rounds = ours.iter().zip(bare);
    let ratio = median(
        rounds
            .map(|(ours, bare)| ours.as_secs_f64() / bare.as_secs_f64())
            .collect(),
    );
    let [our_median, bare_median] = [ours, bare].map(|times| median(times.to_vec()));
    println!("{call}: {our_median:.1?}, bare {calls}: {bare_median:.1?}: {ratio:.2} times (at most {most})");
    ratio <= most
}

fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).expect("numbers"));
    values[values.len() / 2]
}
