//! Registries, made and deleted as `admin` does it.

use packages_api::formats::Ecosystem;
use packages_api::records::{Organization, Records, Registry, operator_deadline};
use packages_api::registries::{self, NewRegistry};
use packages_api::{Actor, Result, Slug};

/// Deeds on registries, on the records that are asked.
pub(crate) trait RegistryDeeds {
    async fn create_registry(
        &self,
        organization: &Organization,
        slug: &Slug,
        ecosystem: Ecosystem,
        by: &Actor,
    ) -> Result<Registry>;

    async fn delete_registry(&self, registry: &Registry, by: &Actor) -> Result<()>;
}

impl RegistryDeeds for Records {
    async fn create_registry(
        &self,
        organization: &Organization,
        slug: &Slug,
        ecosystem: Ecosystem,
        by: &Actor,
    ) -> Result<Registry> {
        let new = NewRegistry::plain(slug.clone(), ecosystem);
        registries::create(self, organization, new, by, operator_deadline()).await
    }

    async fn delete_registry(&self, registry: &Registry, by: &Actor) -> Result<()> {
        registries::delete(self, registry, by, operator_deadline()).await
    }
}
