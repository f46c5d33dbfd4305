//! `check` of `.ci/checks`, which every script of `.ci/` relies on.

use std::process::Command;

/// Exit code and output of a script that sources `.ci/checks`.
fn run(script: &str) -> (Option<i32>, String) {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new("bash")
        .args(["-c", &format!(". '{root}/.ci/checks'\n{script}")])
        .env("CHECKS", folder.path().join("checks"))
        .output()
        .expect("bash");
    let said = String::from_utf8(output.stdout).expect("text");
    (output.status.code(), said)
}

#[test]
fn each_command_of_a_check_counts() {
    for function in [
        "f() { false; true; }",
        "f() { [ -e /none ] && true; }",
        "f() ( false; true )",
        "f() { false | true; true; }",
        "f() { text=$(false; true); }",
        "f() { for _ in 1 2; do false; done; true; }",
        "f() { ! true; }",
    ] {
        let (code, said) = run(&format!(
            "finish() {{ echo cleaned; }}\n{function}\ncheck 'a sentence' f\necho more"
        ));
        assert_eq!(code, Some(1), "{function}: {said}");
        assert!(said.contains("FAILED: a sentence (f)"), "{function}: {said}");
        assert!(said.ends_with("cleaned\n"), "{function}: {said}");
    }
}

#[test]
fn checks_that_hold_are_counted() {
    let (code, said) = run("f() { kept=1; echo hidden; }\ncheck 'a sentence' f\necho \"$kept\"\nsummary");
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "ok: a sentence\n1\n1 passed, 0 failed\n")
    );
}
