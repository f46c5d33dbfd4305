//! Assumptions about AWS: the script that asks a deployment, the page that explains them, the local server that plays
//! them.

use std::path::Path;

const SCRIPT: &str = include_str!("../../../.ci/aws-check");
const PAGE: &str = include_str!("../../../docs/ASSUMPTIONS.md");

/// The rows of the page's table that have a name, as cells.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect()
}

#[test]
fn assumptions_are_asked_as_they_are_listed() {
    let asked = SCRIPT
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("assume "));
    let asked: Vec<_> = asked.filter_map(|rest| rest.split(' ').next()).collect();
    let listed: Vec<_> = rows().iter().map(|row| row[0].trim_matches('`')).collect();
    assert!(asked.len() > 20, "{asked:?}");
    assert_eq!(asked, listed, ".ci/aws-check and docs/ASSUMPTIONS.md");
}

#[test]
fn assumptions_name_the_files_that_play_them() {
    for row in rows() {
        let [name, assumption, file] = row.as_slice() else {
            panic!("three cells: {row:?}")
        };
        assert!(!assumption.is_empty(), "{name}");
        let path = Path::new("local/src").join(file.trim_matches('`'));
        assert!(path.is_file(), "{name}: {}", path.display());
    }
}
