//! Invariants of table and bucket at all times, whatever has happened to calls.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::Digest;

use super::contents::{Contents, Item, text};

/// Asserts that every package is whole and there once: its record, its one name, its one release,
/// its file with the digests that they all carry, and its metadata; and that no name and no release
/// is without its package. Answers the packages' ids.
///
/// Objects without a record are no violation: they are what the sweep is for.
#[track_caller]
pub(crate) fn assert_consistent(contents: &Contents) -> Vec<String> {
    let packages = contents.of_kind("packages");
    let ids: Vec<_> = packages.iter().map(|(id, _)| (*id).to_owned()).collect();
    let mut held = BTreeSet::new();
    for (id, package) in &packages {
        assert_eq!(text(package, "id"), *id);
        let names = contents.of_kind("names");
        let names: Vec<_> = names.iter().filter(|(_, name)| text(name, "id") == *id).collect();
        assert_eq!(names.len(), 1, "names of {id}");
        assert_agrees(package, names[0].1);
        let releases = contents.of_kind("releases");
        let of_package = |release: &&(&str, &Item)| text(release.1, "package_id") == *id;
        let releases: Vec<_> = releases.iter().filter(of_package).collect();
        assert_eq!(releases.len(), 1, "releases of {id}");
        assert_agrees(package, releases[0].1);
        assert!(held.insert(text(releases[0].1, "pk").to_owned() + releases[0].0));
        assert_has_files(contents, package);
    }
    assert_eq!(
        contents.of_kind("names").len(),
        ids.len(),
        "names without package"
    );
    assert_eq!(
        contents.of_kind("releases").len(),
        ids.len(),
        "releases without package"
    );
    ids
}

#[track_caller]
fn assert_agrees(package: &Item, other: &Item) {
    for attribute in ["registry_id", "sha256", "sha512"] {
        assert_eq!(text(package, attribute), text(other, attribute));
    }
}

#[track_caller]
fn assert_has_files(contents: &Contents, package: &Item) {
    let key = format!("{}/{}", text(package, "pk"), text(package, "sk"));
    let file = contents.objects.get(&key);
    let file = file.unwrap_or_else(|| panic!("a record without its file: {key}"));
    assert_eq!(text(package, "sha256"), Digest::sha256(file).to_string());
    assert_eq!(text(package, "sha512"), Digest::sha512(file).to_string());
    assert_eq!(
        package.get("size"),
        Some(&AttributeValue::N(file.len().to_string()))
    );
    if package.get("metadata").is_none_or(AttributeValue::is_null) {
        let beside = key.replacen("packages/", "metadata/", 1);
        assert!(
            contents.objects.contains_key(&beside),
            "a record without its metadata: {key}"
        );
    }
    if package.contains_key("has_attestations") {
        let beside = key.replacen("packages/", "attestations/", 1);
        assert!(
            contents.objects.contains_key(&beside),
            "a record without its attestations: {key}"
        );
    }
}
