//! Lists of an organization's registries.

use uuid::Uuid;

use crate::error::Result;
use crate::records::{Organization, Records, Registry};

/// Lists an organization's registries by slug; of a caller who is restricted to one, that one alone.
///
/// # Errors
/// [`Error::Throttled`](crate::Error::Throttled), [`Error::Unavailable`](crate::Error::Unavailable).
pub async fn list(
    records: &Records,
    organization: &Organization,
    only: Option<Uuid>,
) -> Result<Vec<Registry>> {
    let mut registries = records.registries(organization).await?;
    registries.retain(|registry| only.is_none_or(|only| registry.id == only));
    Ok(registries)
}
