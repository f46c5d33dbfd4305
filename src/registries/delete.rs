//! Deleting a registry.

use tokio::time::Instant;

use crate::actor::Actor;
use crate::error::Result;
use crate::records::{Records, Registry};

/// Deletes a registry with all its packages. Its slug is free at once; the next run of the sweep removes its
/// content. One round trip.
///
/// # Errors
/// [`Error::NotFound`](crate::Error::NotFound) where it has been deleted meanwhile.
pub async fn delete(records: &Records, registry: &Registry, by: &Actor, retry_until: Instant) -> Result<()> {
    records.remove_registry(registry, by, retry_until).await
}
