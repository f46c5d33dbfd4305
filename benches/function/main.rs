//! Costs of the deployed function, each with its bound from the same run: the time until it polls,
//! beside a bare function; the memory of a publish, beside the body's size; and the costs of requests
//! without a valid token, of hostile forms and of hostile packages.
//!
//! `FUNCTION_BINARY` and `BARE_BINARY` name release builds; see `.ci/measure`. Exits with 1 where a
//! bound is exceeded. With an argument, such as `ruby` or `comments`, only the hostile packages are
//! published whose format or name contains it, and each is printed.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use packages_api_local::{Stack, StackOptions};

use file::File;
use form::Form;
use hostile::ruby::hostile_gems;
use hostile_forms::hostile_forms;
use runtime_api::Function;
use sandbox::{Sandbox, publish};

#[path = "../../tests/it/support/file.rs"]
mod file;
#[path = "../../tests/it/support/form.rs"]
mod form;
#[path = "../../tests/it/support/gem.rs"]
#[expect(dead_code, reason = "the tests need more kinds of gems")]
mod gem;
#[path = "../../tests/it/support/hostile/mod.rs"]
mod hostile;
#[path = "../../tests/it/support/hostile_forms.rs"]
mod hostile_forms;
mod hostile_packages;
#[path = "../../tests/it/support/runtime_api.rs"]
#[expect(dead_code, reason = "the bench knows how the function that it starts answers")]
mod runtime_api;
mod sandbox;
#[path = "../../tests/it/support/seed.rs"]
mod seed;
mod strangers;

const STARTS: usize = 101;
const MAX_FIRST_POLL_RATIO: f64 = 2.5;
const BODY_BYTES: u32 = 4_000_000;
const MAX_MEMORY_RATIO: f64 = 3.5;
/// Time that a refusal of something hostile may take.
const MAX_REFUSAL: Duration = Duration::from_secs(1);
const MAX_REFUSAL_MEGABYTES: f64 = 64.0;

#[tokio::main]
async fn main() -> ExitCode {
    let stack = seed::seeded_stack(StackOptions::default()).await;
    let bench = Bench {
        function: vec![std::env::var("FUNCTION_BINARY").expect("FUNCTION_BINARY is set")],
        bare: vec![std::env::var("BARE_BINARY").expect("BARE_BINARY is set")],
        environment: environment(&stack),
    };
    let mut arguments = std::env::args().skip(1);
    if let Some(some) = arguments.find(|argument| !argument.starts_with('-')) {
        let fine = hostile_packages::within_bounds(&stack, &bench, Some(&some)).await;
        return if fine {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let fine = [
        bench.first_poll().await,
        bench.memory_of_a_publish().await,
        strangers::within_bounds(&bench).await,
        bench.refusals().await,
        hostile_packages::within_bounds(&stack, &bench, None).await,
    ];
    if fine == [true; 5] {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

struct Bench {
    function: Vec<String>,
    bare: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Bench {
    async fn first_poll(&self) -> bool {
        let (mut ours, mut least) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            for (command, times) in [(&self.function, &mut ours), (&self.bare, &mut least)] {
                let mut function = Function::start(command, &self.environment).await;
                times.push(function.first_poll().await);
            }
        }
        // Other work of the machine only adds to a start, so the shortest of each counts.
        let [ours, least] = [ours, least].map(|mut times| {
            times.sort_unstable();
            (times[0], times[times.len() / 2])
        });
        let ratio = ours.0.as_secs_f64() / least.0.as_secs_f64();
        println!(
            "first poll: after {:.1?}, a bare function's after {:.1?}: {ratio:.2} times \
             (at most {MAX_FIRST_POLL_RATIO}); in the median after {:.1?} and {:.1?}",
            ours.0, least.0, ours.1, least.1
        );
        ratio <= MAX_FIRST_POLL_RATIO
    }

    async fn memory_of_a_publish(&self) -> bool {
        let mut sandbox = Sandbox::start(&self.function, &self.environment).await;
        let answer = sandbox.invoke(publish("files", &large(BODY_BYTES))).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        let (idle, peak) = (sandbox.idle, sandbox.peak());
        let body = f64::from(BODY_BYTES) / 1e6;
        let ratio = (peak - idle) / body;
        println!(
            "memory: idle {idle:.1} MB, at most {peak:.1} MB while {body:.1} MB are published: \
             {ratio:.2} times the body more (at most {MAX_MEMORY_RATIO})"
        );
        ratio <= MAX_MEMORY_RATIO
    }

    /// Everything hostile, one after another, in one sandbox.
    async fn refusals(&self) -> bool {
        let mut sandbox = Sandbox::start(&self.function, &self.environment).await;
        let gems = hostile_gems().into_iter();
        let gems = gems.map(|(name, bytes)| (name, Form::documented(&File::new("banana-1.0.0.gem", bytes))));
        let hostile: Vec<_> = gems.chain(hostile_forms()).collect();
        let mut longest = (Duration::ZERO, "");
        for (name, form) in &hostile {
            let event = publish("my-registry", form);
            let began = Instant::now();
            let answer = sandbox.invoke(event).await;
            let status = &answer["statusCode"];
            assert!(*status == 400 || *status == 422, "{name}: {answer}");
            longest = longest.max((began.elapsed(), name));
        }
        let (count, (time, name)) = (hostile.len(), longest);
        let more = sandbox.peak() - sandbox.idle;
        println!(
            "{count} hostile forms and gems: refused in at most {time:.1?} ({name}; at most {MAX_REFUSAL:?}), \
             {more:.1} MB over idle (at most {MAX_REFUSAL_MEGABYTES})"
        );
        time <= MAX_REFUSAL && more <= MAX_REFUSAL_MEGABYTES
    }
}

/// Environment of the function: where the stack is, and how `template.yaml` has it take memory.
fn environment(stack: &Stack) -> BTreeMap<String, String> {
    let template = include_str!("../../template.yaml");
    let mut environment = stack.environment();
    for name in ["MALLOC_MMAP_THRESHOLD_", "MALLOC_ARENA_MAX"] {
        let (_, behind) = template.split_once(&format!("{name}: '")).expect("it is set");
        let (value, _) = behind.split_once('\'').expect("a string");
        environment.insert(name.to_owned(), value.to_owned());
    }
    environment
}

/// A file of this many bytes: numbers, one after another, so that no two blocks are alike.
fn large(bytes: u32) -> Form {
    let numbers = (0..bytes / 4).flat_map(u32::to_le_bytes).chain([0]);
    let name = format!("large-1.0.{bytes}.bin");
    Form::documented(&File::new(&name, numbers.collect::<Vec<_>>()))
}
