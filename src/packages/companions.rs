//! Companions of a package's file: its metadata, and its attestations where it has some.

use super::{Attestations, Context, Metadata};
use crate::error::Result;
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Metadata and attestations, which are kept beside the file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Companions {
    pub(super) metadata: Metadata,
    pub(super) attestations: Option<Attestations>,
}

impl Companions {
    /// Reads those of a package. One round trip where they are objects of their own, else none.
    pub(super) async fn read(context: &Context, registry: &Registry, package: &Package) -> Result<Self> {
        let (metadata, attestations) = tokio::try_join!(
            Metadata::read(context, registry, package),
            Attestations::read(context, registry, package)
        )?;
        Ok(Self {
            metadata,
            attestations,
        })
    }

    /// Puts beside the file what is not part of the record.
    pub(super) async fn store(&self, context: &Context, registry: &Registry, id: PackageId) -> Result<()> {
        let attestations = async {
            match &self.attestations {
                Some(attestations) => attestations.put(context, registry, id).await,
                None => Ok(()),
            }
        };
        tokio::try_join!(self.metadata.store(context, registry, id), attestations).map(drop)
    }
}
