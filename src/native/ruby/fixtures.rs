//! A gem and its registry, for tests of what is rendered of them.

use serde_json::json;

use crate::digest::Digest;
use crate::formats::ruby::{Dependency, Facts};
use crate::records::{Package, Registry};

/// An id of the year 2015.
const ID: &str = "0151eb00-8d40-7000-8000-000000000000";

pub(super) fn package(name: &str, version: &str, platform: &str) -> Package {
    let package = json!({
        "id": ID, "registry_id": ID, "name": name, "normalized_name": name, "version": version,
        "normalized_version": version, "variant": platform, "filename": "whatever.gem", "size": 3,
        "sha256": Digest::sha256(b"abc"), "sha512": null, "published_by": ID,
    });
    serde_json::from_value(package).unwrap()
}

pub(super) fn registry() -> Registry {
    let registry = json!({
        "id": ID, "organization_id": ID, "organization": "o", "slug": "r", "ecosystem": "ruby",
    });
    serde_json::from_value(registry).unwrap()
}

pub(super) fn facts() -> Facts {
    let dependency = |name: &str, requirement: &str| Dependency {
        name: name.to_owned(),
        requirement: requirement.to_owned(),
    };
    Facts {
        summary: Some("Schält Bananen".to_owned()),
        authors: vec!["Ada".to_owned()],
        licenses: vec!["MIT".to_owned()],
        required_ruby_version: ">= 2.7, < 4".to_owned(),
        required_rubygems_version: ">= 0".to_owned(),
        runtime_dependencies: vec![dependency("rack", ">= 2.0, < 4")],
        development_dependencies: vec![dependency("rake", "~> 13.0")],
        metadata: [("rubygems_mfa_required".to_owned(), "true".to_owned())].into(),
        ..Facts::default()
    }
}
