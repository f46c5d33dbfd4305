//! Downloads: the bytes come from the bucket, and never pass through the function.

use super::Context;
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::Registry;

/// Short-lived address of a package's file, which is saved as `filename`; anybody may read it who has the address. No
/// round trip.
pub(crate) async fn download_address(
    context: &Context,
    registry: &Registry,
    id: PackageId,
    filename: &str,
) -> Result<String> {
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    context.files.download_address(&key, filename).await
}
