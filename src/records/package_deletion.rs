//! Deletion of a package's records.

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;
use uuid::Uuid;

use super::keys;
use super::packages::PACKAGE;
use super::transaction::{Outcome, refused};
use super::{Action, AuditEvent, Change, Package, Records, Registry};
use crate::actor::Actor;
use crate::error::{Error, Result};

impl Records {
    /// Deletes `package`: its record, its name and its release, all or none, with the change for the registry's indexes.
    /// Its file is left. Returns whether it was there.
    ///
    /// A late attempt finds nothing: no package of this id is ever made again.
    ///
    /// # Errors
    /// [`Error::Throttled`]; [`Error::Unavailable`] where the outcome is unknown at `deadline`.
    pub(crate) async fn delete_package(
        &self,
        registry: &Registry,
        package: &Package,
        by: &Actor,
        deadline: Instant,
    ) -> Result<bool> {
        let package_key = keys::package(&registry.address, package.id);
        let event = AuditEvent::of_package(Action::PackageDeleted, by, registry, package);
        let writes = self.transaction_items();
        let deletion = Uuid::now_v7();
        let mut items = vec![
            writes.delete(&package_key, |delete| {
                delete
                    .condition_expression("registry_id = :id")
                    .expression_attribute_values(":id", AttributeValue::S(registry.id.to_string()))
            })?,
            writes.delete(&keys::name(&registry.address, package), |delete| delete)?,
            self.release_end(registry, package)?,
        ];
        items.extend(self.change_put(registry, &Change::deleted(package, deletion))?);
        items.push(self.audit_put(registry.organization_id, &event)?);
        match self.transaction(items, deletion).send(deadline).await? {
            Outcome::Applied => Ok(true),
            Outcome::Refused(reasons) if refused(&reasons, PACKAGE) => Ok(false),
            Outcome::Refused(reasons) => Err(Error::Internal(format!(
                "package {} does not hold its release: {reasons:?}",
                package.id
            ))),
        }
    }
}
