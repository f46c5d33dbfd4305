//! The time of a page of a list in a registry of a hundred packages, and in one of ten thousand (or of as many
//! as `PACKAGES` says): the first, one in the middle, and one of a single name.
//!
//! Exits with 1 where the larger registry makes a difference.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use lambda_http::{Body, Request};
use packages_api::{App, Config, DEVELOPMENT_TOKEN};
use packages_api_local::{Stack, StackOptions};
use serde_json::Value;

#[path = "../tests/it/support/bulk.rs"]
mod bulk;
#[path = "../tests/it/support/contents.rs"]
#[expect(dead_code, reason = "the tests look at more of a stack")]
mod contents;
#[path = "../tests/it/support/seed.rs"]
mod seed;

const MAX_RATIO: f64 = 1.5;
const FEW: usize = 100;
const ROUNDS: usize = 300;
const PACKAGES: &str = "/v2/packages/organizations/my_great_org/registries/files/packages";

#[tokio::main]
async fn main() -> ExitCode {
    let larger = bulk::count(10_000);
    let (few, many) = (Registry::of(FEW).await, Registry::of(larger).await);
    let mut fine = true;
    for page in ["first", "middle", "name"] {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (registry, times) in [&few, &many].into_iter().zip(&mut times) {
                times.push(registry.time(page).await);
            }
        }
        let [few, many] = times.map(median);
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        println!(
            "{page} page of {FEW}: {few:.1?}, of {larger}: {many:.1?}: {ratio:.2} times (at most {MAX_RATIO})"
        );
        fine &= ratio <= MAX_RATIO;
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A registry of so many packages, on a stack of its own.
struct Registry {
    app: App,
    /// The query of a page in its middle.
    middle: String,
    stack: Stack,
}

impl Registry {
    async fn of(count: usize) -> Self {
        let stack = seed::seeded_stack(StackOptions::default()).await;
        let app = App::new(Config::new(stack.table(), stack.bucket()), &stack.sdk_config());
        let mut registry = Self {
            app,
            middle: String::new(),
            stack,
        };
        let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"first-1.0.0.txt\"\r\n\r\nx\r\n--b--\r\n";
        let first = registry.call("POST", "", form).await;
        let like = first["id"].as_str().expect("an id");
        let names = |from: usize, to: usize| (from..to).map(|number| format!("name-{number}"));
        let stack = &registry.stack;
        let half = count / 2;
        bulk::add(stack, "my_great_org/files", like, names(1, half)).await;
        let page = registry.call("GET", "?per_page=1", "").await;
        let next = page["links"]["next"].as_str().expect("a second page");
        let cursor = next.rsplit("after=").next().expect("a cursor");
        registry.middle = format!("?after={cursor}");
        bulk::add(stack, "my_great_org/files", like, names(half, count)).await;
        registry
    }

    async fn time(&self, page: &str) -> Duration {
        let (query, expected) = match page {
            "first" => ("", 30),
            "middle" => (self.middle.as_str(), 30),
            _ => ("?name=name-7", 1),
        };
        let began = Instant::now();
        let body = self.call("GET", query, "").await;
        let time = began.elapsed();
        assert_eq!(body["items"].as_array().map(Vec::len), Some(expected), "{page}");
        time
    }

    async fn call(&self, method: &str, query: &str, body: &str) -> Value {
        let request: Request = http::Request::builder()
            .method(method)
            .uri(format!("{PACKAGES}{query}"))
            .header("authorization", format!("Bearer {DEVELOPMENT_TOKEN}"))
            .header("content-type", "multipart/form-data; boundary=b")
            .body(Body::Text(body.to_owned()))
            .expect("a request");
        let answer = self.app.handle(request).await;
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(answer.status(), 200, "{body}");
        body
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
