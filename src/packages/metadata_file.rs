//! The file within a package that holds its metadata, byte for byte as the package has it.

use bytes::Bytes;
use tokio::runtime::Handle;

use super::reading::run_cancellable;
use super::{Context, just_deleted};
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey, RangedSource};
use crate::formats::python;
use crate::records::{Package, Registry};

/// Reads the METADATA of a wheel by ranged reads of its file: its directory, which lies at the end, and the one
/// member. So packages of every age have it, and nothing is kept twice. Two round trips of a small wheel, three
/// or four of others.
///
/// # Errors
/// [`Error::NotFound`] where the package has been deleted meanwhile.
pub(crate) async fn metadata_file(
    context: &Context,
    registry: &Registry,
    package: &Package,
) -> Result<Bytes> {
    let key = ObjectKey::of(Kind::Package, &registry.address, package.id);
    let object = context.files.content(&key).await?.ok_or_else(just_deleted)?;
    let (files, runtime, filename) = (context.files.clone(), Handle::current(), package.filename.clone());
    let (read, failure) = run_cancellable(move |cancellation| {
        let mut source = RangedSource::new(files, object, runtime, cancellation.clone());
        let read = python::read_metadata_file(&filename, &mut source, cancellation);
        (read, source.failure())
    })
    .await?;
    match (failure, read) {
        (Some(failure), _) => Err(failure),
        (None, Ok(bytes)) => Ok(bytes.into()),
        (None, Err(rejection)) => Err(Error::Internal(format!(
            "METADATA of {}: {rejection}",
            package.id
        ))),
    }
}
