//! Releases: the claims of packages on a name, version and variant.

use std::time::SystemTime;

use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Package, Records, Refusal, Registry, from_item, keys, to_item};
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::release::{Release, Reuse};
use crate::time::rfc3339_millis;

/// The claim on a name, version and variant, with all that a protocol needs which names files by them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReleaseRecord {
    pub(crate) package_id: PackageId,
    pub(crate) registry_id: Uuid,
    #[serde(flatten)]
    pub(crate) digests: Digests,
    /// The name under which the file was uploaded. Earlier versions wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) filename: Option<String>,
    /// The file's size in bytes. Earlier versions wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Time at which its package was deleted, where the registry keeps that; there is no package then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<String>,
}

impl ReleaseRecord {
    /// Whether a package of this registry holds the release.
    pub(crate) fn holds_in(&self, registry: &Registry) -> bool {
        self.registry_id == registry.id && self.deleted_at.is_none()
    }

    /// The claim of a package.
    fn of(package: &Package) -> Self {
        Self {
            package_id: package.id,
            registry_id: package.registry_id,
            digests: package.digests,
            filename: Some(package.filename.clone()),
            size: Some(package.size),
            deleted_at: None,
        }
    }
}

/// Condition that nobody of this registry, or of a later one at its address, has claimed a release.
const FREE: &str = "attribute_not_exists(pk) OR registry_id < :registry_id";

/// Addition to it: or that its package was deleted.
const RETIRED: &str = " OR (registry_id = :registry_id AND attribute_exists(deleted_at))";

/// The conditions of a claim.
///
/// A claim of a registry that is gone is no claim: of two that had this address, the one with the older id. A
/// publisher of that one, late by now, must not take the claim of its successor. What is left of a deleted
/// release is in the way as its registry has it.
fn claim(put: PutBuilder, registry: &Registry, package: &Package) -> PutBuilder {
    let reuse = registry.details.reuse.unwrap_or_default();
    let condition = match reuse {
        Reuse::Never => FREE.to_owned(),
        Reuse::SameBytes => format!(
            "{FREE} OR (registry_id = :registry_id AND attribute_exists(deleted_at) AND sha256 = :sha256)"
        ),
        Reuse::Any => format!("{FREE}{RETIRED}"),
    };
    let put = put
        .condition_expression(condition)
        .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    if reuse == Reuse::SameBytes {
        let sha256 = AttributeValue::S(package.digests.sha256.to_string());
        return put.expression_attribute_values(":sha256", sha256);
    }
    put
}

impl Records {
    /// The package that holds a release: normalized name and version, and variant.
    pub(crate) async fn holder(
        &self,
        registry: &Registry,
        name: &str,
        version: &str,
        variant: Option<&str>,
    ) -> Result<Option<Package>> {
        let key = keys::release(&registry.address, name, version, variant);
        let release: Option<ReleaseRecord> = self.get(&key).await?;
        match release.filter(|release| release.holds_in(registry)) {
            Some(release) => self.package(registry, release.package_id).await,
            None => Ok(None),
        }
    }

    /// The claim of a package.
    pub(super) fn release_put(&self, registry: &Registry, package: &Package) -> Result<TransactWriteItem> {
        let item = to_item(&package.release_key(registry), &ReleaseRecord::of(package))?;
        self.transaction_items()
            .put(item, |put| claim(put, registry, package))
    }

    /// Check that nobody holds a release whose file has the name of another one's.
    pub(super) fn release_check(&self, registry: &Registry, release: &Release) -> Result<TransactWriteItem> {
        let Release {
            name,
            version,
            variant,
        } = release;
        let name = registry.ecosystem.normalize(name);
        let key = keys::release(&registry.address, &name, version, variant.as_deref());
        let mut condition = FREE.to_owned();
        if registry.details.reuse.unwrap_or_default() == Reuse::Any {
            condition += RETIRED;
        }
        self.transaction_items().check(&key, |check| {
            check
                .condition_expression(condition)
                .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        })
    }

    /// The end of a package's claim: it goes, or what is left of it keeps others from the release.
    pub(super) fn release_end(&self, registry: &Registry, package: &Package) -> Result<TransactWriteItem> {
        let key = package.release_key(registry);
        let id = AttributeValue::S(package.id.to_string());
        let writes = self.transaction_items();
        if registry.details.reuse.unwrap_or_default() == Reuse::Any {
            return writes.delete(&key, |delete| {
                delete
                    .condition_expression("package_id = :id")
                    .expression_attribute_values(":id", id)
            });
        }
        let left = ReleaseRecord {
            deleted_at: Some(rfc3339_millis(SystemTime::now())),
            ..ReleaseRecord::of(package)
        };
        writes.put(to_item(&key, &left)?, |put| {
            put.condition_expression("package_id = :id")
                .expression_attribute_values(":id", id)
        })
    }
}

/// The existing release for which the item `at` of a publish was refused.
pub(super) fn conflicting_release(reasons: &[CancellationReason], at: usize) -> Result<ReleaseRecord> {
    let item = reasons.get(at).and_then(|reason| reason.item.clone());
    let item = item.ok_or_else(|| Error::Internal(format!("a refusal without a release: {reasons:?}")))?;
    from_item(item)
}

/// The reason for which another release's file prevents a publish.
pub(super) fn file_refusal(registry: &Registry, release: &ReleaseRecord) -> Refusal {
    if release.registry_id == registry.id {
        Refusal::FileTaken(release.package_id)
    } else {
        Refusal::RegistryReplaced
    }
}
