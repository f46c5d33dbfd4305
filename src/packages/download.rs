//! Downloads: the bytes come from the bucket, and never pass through the function.

use super::Context;
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::records::{Package, Registry};

/// Short-lived address of a package's file, which anybody may read who has it. No round trip.
pub(crate) async fn download_address(
    context: &Context,
    registry: &Registry,
    package: &Package,
) -> Result<String> {
    let key = ObjectKey::of(Kind::Package, &registry.address, package.id);
    context.files.download_address(&key, &package.filename).await
}
