//! Packages as the command prints them.

use packages_api::packages::Metadata;
use packages_api::records::{Listed, Package, Registry};
use packages_api::time::rfc3339_millis;
use packages_api::{Digests, PackageId};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::output::Output;

/// A package, without its metadata.
#[derive(Serialize)]
struct ShownPackage<'a> {
    id: PackageId,
    registry: String,
    name: &'a str,
    version: &'a str,
    variant: Option<&'a str>,
    filename: &'a str,
    size: u64,
    #[serde(flatten)]
    digests: Digests,
    created_at: String,
    published_by: Uuid,
}

impl<'a> ShownPackage<'a> {
    fn of(registry: &Registry, package: &'a Package) -> Self {
        Self {
            id: package.id,
            registry: registry.address.to_string(),
            name: &package.name,
            version: &package.version,
            variant: package.variant.as_deref(),
            filename: &package.filename,
            size: package.size,
            digests: package.digests,
            created_at: rfc3339_millis(package.id.minted_at()),
            published_by: package.published_by,
        }
    }
}

/// A package as a list shows it.
#[derive(Serialize)]
struct ListedPackage<'a> {
    id: PackageId,
    name: &'a str,
    version: &'a str,
    #[serde(flatten)]
    digests: Digests,
    created_at: String,
}

/// A package with all that is known of it.
pub(super) fn package(registry: &Registry, package: &Package, metadata: Metadata) -> Output {
    let metadata = serde_json::from_str(&String::from(metadata)).unwrap_or(Value::Null);
    summary(registry, package).with("metadata", metadata)
}

/// A package without its metadata.
pub(super) fn summary(registry: &Registry, package: &Package) -> Output {
    Output::one(&ShownPackage::of(registry, package))
}

pub(super) fn list(packages: &[Listed]) -> Output {
    let shown = packages.iter().map(|package| ListedPackage {
        id: package.id,
        name: &package.name,
        version: &package.version,
        digests: package.digests,
        created_at: rfc3339_millis(package.id.minted_at()),
    });
    let shown: Vec<_> = shown.collect();
    Output::many(&["id", "name", "version", "created_at"], &shown)
}
