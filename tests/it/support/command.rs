//! The operator's commands, run as their binaries.

use std::path::Path;
use std::process::Output;

use packages_api_local::Stack;
use tokio::process::Command;

use super::answer::redacted;

/// Runs a command line, which may begin with variables, on this stack, and with nothing of this process's environment.
pub(crate) async fn run(stack: &Stack, line: &str) -> Output {
    run_in(stack, Path::new("."), line).await
}

/// Runs a command line in this folder.
pub(crate) async fn run_in(stack: &Stack, folder: &Path, line: &str) -> Output {
    let mut words = line.split_whitespace().peekable();
    let mut environment = stack.environment();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        environment.insert(name.to_owned(), value.to_owned());
        words.next();
    }
    let binary = match words.next() {
        Some("admin") => env!("CARGO_BIN_EXE_admin"),
        Some("sweep") => env!("CARGO_BIN_EXE_sweep"),
        other => panic!("{other:?} is no command"),
    };
    let output = Command::new(binary)
        .args(words)
        .current_dir(folder)
        .env_clear()
        .envs(environment)
        .output();
    output.await.expect("the binary is there")
}

/// The command, its exit code and what it printed, without what no two runs have in common.
pub(crate) async fn transcript(stack: &Stack, line: &str) -> String {
    transcript_in(stack, Path::new("."), line).await
}

/// Transcript of a command that is run in this folder.
pub(crate) async fn transcript_in(stack: &Stack, folder: &Path, line: &str) -> String {
    let output = run_in(stack, folder, line).await;
    let printed = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (out, errors) = (printed(&output.stdout), printed(&output.stderr));
    let code = output.status.code().expect("an exit code");
    let text = format!("$ {line}\n{out}{errors}-> {code}\n\n");
    without_secrets(&redacted(&text, "\0"))
}

/// `pkgs_…` → `[secret]`, and times that are not in quotes.
fn without_secrets(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n', '"']).map(|word| {
        let (bare, end) = word.split_at(word.len() - usize::from(word.ends_with([' ', '\n', '"'])));
        match bare {
            bare if bare.starts_with("pkgs_") => format!("[secret]{end}"),
            bare if bare.ends_with('Z') && bare.starts_with("20") => format!("[time]{end}"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}
