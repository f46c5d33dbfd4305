//! Packages that are made to be expensive, each as a form and as an upload, in a sandbox that may not
//! have more memory than the deployed function: what each costs, and how that grows.

use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use packages_api::Actor;
use packages_api::formats::Ecosystem;
use packages_api::records::{Records, operator_deadline};
use packages_api::registries::{self, NewRegistry};
use packages_api_local::Stack;
use serde_json::Value;

use super::Bench;
use super::file::File;
use super::form::{Form, Part};
use super::hostile::{Family, LARGEST_FORM, families};
use super::sandbox::{Sandbox, publish};

/// Memory of the deployed function, in bytes.
const MEMORY: u64 = 512 << 20;
/// Bytes of a file that only an upload carries.
const UPLOAD: usize = 16_000_000;
/// Bounds on a refusal.
const MAX_TIME: Duration = Duration::from_secs(1);
const MAX_MEGABYTES: f64 = 64.0;
/// How much more twice the bytes may take, where it is enough to be measured.
const MAX_GROWTH: f64 = 2.5;
const MEASURABLE: Duration = Duration::from_millis(200);

/// Costs of publishing one file.
struct Cost {
    time: Duration,
    megabytes: f64,
    status: Value,
}

/// Publishes every family, or those whose format or name contains `some`.
pub(crate) async fn within_bounds(stack: &Stack, bench: &Bench, some: Option<&str>) -> bool {
    make_registries(stack).await;
    let limit = format!("--data={MEMORY}");
    let command = [&["prlimit".to_owned(), limit][..], &bench.function].concat();
    let mut families = families();
    families.retain(|family| some.is_none_or(|some| family.ecosystem == some || family.name.contains(some)));
    let (mut fine, mut longest, mut largest) = (true, Cost::nothing(), Cost::nothing());
    for family in &families {
        let mut sandbox = Sandbox::start(&command, &bench.environment).await;
        let half = cost(&mut sandbox, stack, family, LARGEST_FORM / 2).await;
        for size in [LARGEST_FORM, UPLOAD] {
            let cost = cost(&mut sandbox, stack, family, size).await;
            let grown = size == LARGEST_FORM && cost.time > MEASURABLE.max(half.time.mul_f64(MAX_GROWTH));
            let refused = cost
                .status
                .as_u64()
                .is_some_and(|status| (400..500).contains(&status));
            let exceeds = cost.time > MAX_TIME || cost.megabytes > MAX_MEGABYTES || grown || !refused;
            if exceeds || some.is_some() {
                let (ecosystem, name) = (family.ecosystem, family.name);
                println!("{ecosystem}, {name}, {size} bytes: {cost}; half of a form took {half}");
                fine &= !exceeds;
            }
            if cost.time > longest.time {
                longest.time = cost.time;
            }
            largest.megabytes = largest.megabytes.max(cost.megabytes);
        }
    }
    println!(
        "{} hostile packages, as a form and as an upload: refused in at most {:.1?} of a processor \
         (at most {MAX_TIME:?}), {:.1} MB over idle (at most {MAX_MEGABYTES})",
        families.len(),
        longest.time,
        largest.megabytes
    );
    fine
}

impl Cost {
    fn nothing() -> Self {
        Self {
            time: Duration::ZERO,
            megabytes: 0.0,
            status: Value::Null,
        }
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            time,
            megabytes,
            status,
        } = self;
        write!(f, "{status} after {time:.1?}, {megabytes:.1} MB over idle")
    }
}

/// Publishes a file of this size, as a form if it fits into one.
async fn cost(sandbox: &mut Sandbox, stack: &Stack, family: &Family, size: usize) -> Cost {
    let file = family.file(size);
    let registry = registry(family.ecosystem);
    let form = if size > LARGEST_FORM {
        let address = upload(sandbox, stack, &registry, &file).await;
        Form::of(&[Part::field("package_url", &address)])
    } else {
        Form::documented(&file)
    };
    let event = publish(&registry, &form);
    drop((file, form));
    sandbox.forget_peak();
    let before = sandbox.processor_time();
    let answer = sandbox.invoke(event).await;
    Cost {
        time: sandbox.processor_time().saturating_sub(before),
        megabytes: sandbox.peak() - sandbox.idle,
        status: answer["statusCode"].clone(),
    }
}

/// Puts the file where its upload form would, and gives its `package_url`.
async fn upload(sandbox: &mut Sandbox, stack: &Stack, registry: &str, file: &File) -> String {
    let packages = format!("registries/{registry}/packages");
    let event = publish(registry, &Form::of(&[])).replace(&packages, &format!("{packages}/upload"));
    let answer = sandbox.invoke(event).await;
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
    let key = body["form"]["data"]["key"]
        .as_str()
        .expect("a key")
        .replace("${filename}", &file.name);
    let client = aws_sdk_s3::Client::new(&stack.sdk_config());
    let put = client.put_object().bucket(stack.bucket()).key(&key);
    put.body(ByteStream::from(file.bytes.clone()))
        .send()
        .await
        .expect("put");
    format!("{}/{key}", body["form"]["url"].as_str().expect("an address"))
}

async fn make_registries(stack: &Stack) {
    let records = Records::new(&stack.sdk_config(), stack.table());
    let by = Actor::operator("a benchmark");
    let slug = "my_great_org".parse().expect("a slug");
    let organization = records.organization(&slug).await.expect("it was made");
    for ecosystem in Ecosystem::all() {
        let slug = registry(ecosystem.as_str()).parse().expect("a slug");
        let new = NewRegistry::plain(slug, ecosystem);
        let made = registries::create(&records, &organization, new, &by, operator_deadline());
        made.await.expect("new");
    }
}

fn registry(ecosystem: &str) -> String {
    format!("hostile-{ecosystem}")
}
