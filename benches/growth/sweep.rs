//! The sweep over registries of a thousand packages and more, as the command that an operator runs.

use std::process::Stdio;
use std::time::{Duration, Instant};

use packages_api_local::Stack;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::lists::Sized;
use crate::table::{Table, ratio, shown};
use crate::turns::median;

const ROUNDS: usize = 3;
/// Runs of a small size in each round.
const MAX_RUNS: usize = 5;
/// Sizes above this are swept once.
const MAX_SIZE_OF_ROUNDS: usize = 100_000;
/// Time for each package. The sizes are not swept beside each other but one after another, for seconds each, so that the
/// machine's other work shows.
const MAX_RATIO: f64 = 1.5;
/// Time between two looks at the memory.
const LOOK: Duration = Duration::from_millis(5);

/// A run of the sweep.
struct Run {
    time: Duration,
    /// Most megabytes that were resident; 0 where the system does not tell.
    memory: f64,
}

pub(crate) async fn is_within_bounds(worlds: &[Sized]) -> bool {
    let sizes: Vec<_> = worlds.iter().map(|world| world.size).collect();
    let mut table = Table::new("sweep: packages, as many files", &sizes);
    let mut runs: Vec<Vec<Run>> = sizes.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for (sized, runs) in worlds.iter().zip(&mut runs) {
            if round > 0 && sized.size > MAX_SIZE_OF_ROUNDS {
                continue;
            }
            // Short ones more often: otherwise a minute in which the machine is slow would be that of the long ones.
            for _ in 0..(MAX_SIZE_OF_ROUNDS / sized.size).clamp(1, MAX_RUNS) {
                runs.push(sweep(&sized.world.stack, sized.size).await);
            }
        }
    }
    let memory = runs
        .iter()
        .map(|runs| runs.iter().map(|run| run.memory).fold(0.0, f64::max));
    let memory: Vec<_> = memory.collect();
    let times = runs
        .into_iter()
        .map(|runs| runs.into_iter().map(|run| run.time).collect());
    let times: Vec<_> = times.map(median).collect();
    table.times("whole pass", &times, None);
    let each = times.iter().zip(&sizes);
    let each = each.map(|(time, size)| *time / u32::try_from(*size).expect("a size"));
    let each: Vec<_> = each.collect();
    let texts: Vec<_> = each.iter().map(|time| shown(*time)).collect();
    let nanos: Vec<_> = each.iter().map(Duration::as_secs_f64).collect();
    // Of the smallest registry, the command's start and the dozen of calls that every pass makes take most.
    let grown = nanos.get(1..).filter(|grown| grown.len() > 1);
    let grown = ratio(grown.unwrap_or(&nanos));
    table.row("each package, from the second on", &texts, grown, Some(MAX_RATIO));
    let texts: Vec<_> = memory.iter().map(|bytes| format!("{bytes:.1} MB")).collect();
    table.row("most memory", &texts, ratio(&memory), None);
    table.is_fine()
}

/// A pass over all packages, which are whole.
async fn sweep(stack: &Stack, packages: usize) -> Run {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sweep"));
    command
        .arg("--json")
        .envs(stack.environment())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("the sweep starts");
    let memory = most_memory(&mut child).await;
    let time = began.elapsed();
    let mut report = String::new();
    let output = child.stdout.as_mut().expect("a pipe");
    output.read_to_string(&mut report).await.expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    for (name, expected) in [
        ("records", packages),
        ("objects", packages),
        ("records_without_file", 0),
        ("removed_objects", 0),
    ] {
        assert_eq!(report[name], expected, "{name} of {report}");
    }
    Run { time, memory }
}

/// Waits for a process. Returns the most megabytes that it had.
async fn most_memory(child: &mut Child) -> f64 {
    let status = child.id().map(|id| format!("/proc/{id}/status"));
    let mut most: u32 = 0;
    while child.try_wait().expect("a child").is_none() {
        let text = status
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok());
        let text = text.unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(kilobytes.unwrap_or_default());
        sleep(LOOK).await;
    }
    f64::from(most) * 1024.0 / 1e6
}
