//! `cargo xtask`: the list of tasks. `cargo xtask TASK ARGUMENTS…` runs one, and prints its command first.

use std::path::Path;
use std::process::{Command, ExitCode};

/// A task: a command line under a name that is easy to remember.
struct Task {
    name: &'static str,
    summary: &'static str,
    /// Variables that the command is given.
    environment: &'static [(&'static str, &'static str)],
    /// The program and its arguments; those of the task are added to them.
    command: &'static [&'static str],
}

const fn task(name: &'static str, summary: &'static str, command: &'static [&'static str]) -> Task {
    Task {
        name,
        summary,
        environment: &[],
        command,
    }
}

#[rustfmt::skip]
const TASKS: &[Task] = &[
    task("start", "start the registry on this machine; further flags as `cargo run -- --help` lists them",
        &["cargo", "run", "--"]),
    task("serve", "start it as `start` does, built for many users: the first time takes ten minutes, and `make`",
        &["cargo", "run", "--profile", "server", "--package", "packages-api-local", "--features", "jemalloc", "--"]),
    task("test", "run the integration tests whose names contain the given text",
        &["cargo", "test", "--test", "it"]),
    task("unit", "run the unit tests whose names contain the given text",
        &["cargo", "test", "--lib"]),
    Task { environment: &[("INSTA_UPDATE", "always")],
        ..task("accept", "run integration tests as `test` does, and write the snapshots that changed",
        &["cargo", "test", "--test", "it"]) },
    task("lint", "format the code, and let clippy look for mistakes",
        &["sh", "-c", "cargo fmt --all && cargo clippy --workspace --all-targets -- -D warnings"]),
    Task { environment: &[("RUSTDOCFLAGS", "-D warnings")],
        ..task("doc", "write the documentation of all modules, private ones as well, to target/doc",
        &["cargo", "doc", "--workspace", "--no-deps", "--document-private-items"]) },
    task("manifest", "print how a package is read: ECOSYSTEM FILE…",
        &["cargo", "run", "--quiet", "--example", "manifest", "--"]),
    task("admin", "make, list and delete organizations, registries and tokens",
        &["cargo", "run", "--quiet", "--bin", "admin", "--"]),
    task("bench", "compare get and publish with the bare calls to AWS that they are made of",
        &["cargo", "bench", "--bench", "calls"]),
    task("bench-growth", "compare lists, documents, indexes and sweeps of large registries with those of small ones",
        &["cargo", "bench", "--bench", "growth", "--"]),
    task("peers", "compare the local server with verdaccio, pypiserver and devpi: some ten minutes",
        &["benches/peers/run"]),
    task("ci", "run everything that must hold before a change lands; it takes an hour or more",
        &[".ci/run"]),
    task("measure", "measure the first poll, and the time and memory that hostile input takes",
        &[".ci/measure"]),
    task("measure-uploads", "publish 100 MB, 1 GiB and 5 GiB, and print time and memory",
        &[".ci/measure-uploads"]),
    task("real-packages", "compare packages of all ecosystems with what their native tools say",
        &[".ci/real-packages"]),
    task("power-cut", "start the local server on what each moment of a power cut would have left",
        &[".ci/power-cut"]),
    task("costs", "print the costs of a deployment, and the prices that they are computed from",
        &[".ci/costs"]),
    task("moto", "make all calls on another emulator than our own, with the roles of the template enforced",
        &[".ci/moto"]),
    task("sam-local", "run the functions in containers, as `sam local` does",
        &[".ci/sam-local"]),
    task("package", "build a release that deploys without Rust, into target/package",
        &[".ci/package"]),
    task("aws-check", "ask a deployment what could only be assumed before: BASE_URL TOKEN ORGANIZATION/REGISTRY [FILES_URL]",
        &[".ci/aws-check"]),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(name) = arguments.next() else {
        print!("{}", list());
        return ExitCode::SUCCESS;
    };
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("`{name}` is not a task. These are:\n\n{}", list());
        return ExitCode::from(2);
    };
    run(task, arguments)
}

/// Runs a task at the root of the repository. Its exit code is the command's.
fn run(task: &Task, arguments: impl Iterator<Item = String>) -> ExitCode {
    let [program, fixed @ ..] = task.command else {
        return ExitCode::FAILURE;
    };
    let mut command = Command::new(program);
    command.current_dir(root()).envs(task.environment.iter().copied());
    command.args(fixed).args(arguments);
    eprintln!("{command:?}");
    match command.status() {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => {
            eprintln!("`{program}` could not be started: {error}. Install it, or look at its permissions.");
            ExitCode::FAILURE
        }
    }
}

/// One line a task.
fn list() -> String {
    let lines = TASKS
        .iter()
        .map(|task| format!("cargo xtask {:<16} {}\n", task.name, task.summary));
    lines.collect()
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = TASKS.iter().map(|task| task.name).collect();
        assert_eq!(names.len(), TASKS.len());
    }

    #[test]
    fn scripts_exist() {
        let scripts = TASKS
            .iter()
            .map(|task| task.command[0])
            .filter(|program| program.starts_with(".ci/"));
        let missing: Vec<_> = scripts.filter(|script| !root().join(script).is_file()).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn the_guide_lists_every_task() {
        let guide = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
        assert!(
            guide.contains(&list()),
            "CONTRIBUTING.md should contain:\n\n{}",
            list()
        );
    }
}
