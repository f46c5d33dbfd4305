//! Permissions of `admin`, held against what its commands ask of the table and the bucket, and against
//! `docs/PERMISSIONS.md`.

use std::collections::BTreeSet;

use packages_api_local::{Stack, StackOptions};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;

/// The rows of the table in `docs/PERMISSIONS.md`: a command of `admin`, and the actions that it takes of the table
/// and of the bucket.
fn documented() -> Vec<(&'static str, BTreeSet<String>)> {
    let (_, admin) = include_str!("../../../docs/PERMISSIONS.md")
        .split_once("## `admin`")
        .expect("a part on admin");
    let rows = admin
        .lines()
        .filter_map(|row| row.strip_prefix("| `")?.split_once("` | "));
    let actions = |cells: &str| {
        let (table, bucket) = cells.split_once(" | ").expect("two cells");
        let names = |cell: &str, service: &str| {
            let names = cell.split('`').skip(1).step_by(2);
            names.map(|name| format!("{service}:{name}")).collect()
        };
        let [mut all, of_bucket]: [BTreeSet<_>; 2] = [names(table, "dynamodb"), names(bucket, "s3")];
        all.extend(of_bucket);
        all
    };
    // Of what follows a restore, docs/RESTORE.md tells.
    let rows = rows.filter(|(command, _)| !command.starts_with("adopt"));
    rows.map(|(command, cell)| (command, actions(cell))).collect()
}

/// Commands of `admin` and their arguments, among which `LAST` stands for the id that was printed last.
const COMMANDS: &[(&str, &str)] = &[
    ("organization create", "o"),
    ("organization list", ""),
    ("registry create", "o/r --ecosystem ruby"),
    ("registry list", "o"),
    ("registry policy", "o/r policy.yaml"),
    ("token create", "o --scope read_packages --registry r --json"),
    ("token list", "o"),
    ("token delete", "o LAST"),
    ("registry create", "o/more --ecosystem ruby"),
    (
        "package publish",
        "o/r banana-1.0.0.gem large-1.0.0.gem large-1.0.0.gem --jobs 1 --json",
    ),
    ("registry reindex", "o/r"),
    ("registry check", "o/r"),
    ("package list", "o/r"),
    ("package get", "o/r/LAST"),
    ("package copy", "o/r/LAST o/more"),
    ("package delete", "o/r/LAST"),
    ("registry delete", "o/r"),
    ("registry delete", "o/more"),
    ("organization delete", "o"),
    ("package history", "o/r/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44"),
];

/// A folder with a small gem, and one that is sent in parts and has its metadata beside the file.
fn gems() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let large = Gem::new("large", "1.0.0")
        .summary(&"long ".repeat(10_000))
        .member("large.bin", vec![7; 9_000_000]);
    for gem in [Gem::banana(), large] {
        let file = gem.build();
        std::fs::write(folder.path().join(&file.name), &file.bytes).expect("a file");
    }
    let policy = folder.path().join("policy.yaml");
    std::fs::write(policy, "- iss: https://issuer.example\n").expect("a file");
    folder
}

#[tokio::test]
async fn admin_needs_the_documented_permissions() {
    let stack = Stack::start(StackOptions::default()).await.expect("a stack");
    let proxy = FaultProxy::start(&stack).await;
    let folder = gems();
    let mut last = String::new();
    let mut seen = Vec::new();
    for (command, arguments) in COMMANDS {
        proxy.clear();
        let line = format!("{command} {arguments}").replace("LAST", &last);
        let output = Command::new(env!("CARGO_BIN_EXE_admin"))
            .args(line.split_whitespace())
            .current_dir(folder.path())
            .env_clear()
            .envs(proxy.environment(&stack))
            .output();
        let output = output.await.expect("the binary is there");
        assert!(output.status.success(), "{line}: {output:?}");
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if let Some(id) = printed["id"].as_str().or(printed[2]["id"].as_str()) {
            id.clone_into(&mut last);
        }
        let actions = proxy.accesses().into_iter().map(|(action, _)| action);
        let actions = actions.collect::<BTreeSet<_>>();
        // Commands that are run twice need the same both times.
        match seen.iter().find(|(earlier, _)| earlier == command) {
            Some((_, earlier)) => assert_eq!(*earlier, actions, "{line}"),
            None => seen.push((*command, actions)),
        }
    }
    assert_eq!(documented(), seen);
}
