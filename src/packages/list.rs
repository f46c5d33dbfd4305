//! Lists of a registry's packages: newest first, a page at a time.

use super::Context;
use crate::error::Result;
use crate::id::PackageId;
use crate::records::{Listed, Page, Place, Registry};

/// Lists the `per_page` packages at `place`; those of one name, where it is given. One round trip, and
/// as many more as pages of the table were passed over.
///
/// A package's id is its place for all time: whatever is published and deleted meanwhile, nothing is
/// listed twice, and nothing left out that was there all the time.
pub async fn list(
    context: &Context,
    registry: &Registry,
    name: Option<&str>,
    place: Place<PackageId>,
    per_page: usize,
) -> Result<Page<Listed>> {
    let (direction, start) = place.start();
    let records = &context.records;
    let packages = records
        .list(registry, name, direction, start, per_page + 1)
        .await?;
    Ok(place.page(packages, per_page))
}
