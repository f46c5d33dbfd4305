//! A registry as the command works on it: with its table, its bucket, and whoever works.

use std::time::Duration;

use packages_api::packages::Context;
use packages_api::records::Registry;
use packages_api::{Actor, Error, RegistryAddress};
use tokio::time::Instant;

use crate::Stack;

/// Time for which an operation of unknown outcome is repeated.
const PATIENCE: Duration = Duration::from_secs(30);

/// A registry that is there, in the table and the bucket of the environment.
pub(super) struct Opened {
    stack: Stack,
    pub(super) registry: Registry,
}

impl Opened {
    /// Opens a registry whose packages are to be changed.
    pub(super) async fn to_change(
        stack: Stack,
        address: &RegistryAddress,
    ) -> Result<Self, lambda_http::Error> {
        if stack.read_only {
            return Err(Error::ReadOnly.into());
        }
        Self::to_read(stack, address).await
    }

    /// Opens a registry whose packages are to be read.
    pub(super) async fn to_read(stack: Stack, address: &RegistryAddress) -> Result<Self, lambda_http::Error> {
        let (records, bucket) = (&stack.records, stack.files.bucket());
        // A record whose file lies in another bucket would be a package without a file.
        if let Some(marker) = records.marker().await?.filter(|marker| marker.bucket != bucket) {
            return Err(format!(
                "The files of the table `{}` are in the bucket `{}`, and BUCKET_NAME is `{bucket}`. Set it to the \
                 table's bucket.",
                records.table(),
                marker.bucket,
            )
            .into());
        }
        let registry = records.registry(address).await?;
        Ok(Self { stack, registry })
    }

    /// Another registry beside this one.
    pub(super) async fn another(&self, address: &RegistryAddress) -> Result<Registry, Error> {
        self.stack.records.registry(address).await
    }

    /// Who works on it.
    pub(super) fn operator(&self) -> &Actor {
        &self.stack.operator
    }

    /// The context of one deed, which begins now.
    pub(super) fn context(&self) -> Context {
        let Stack { records, files, .. } = &self.stack;
        Context::new(records.clone(), files.clone(), Instant::now() + PATIENCE)
    }
}
