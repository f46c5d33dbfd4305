//! Keys of issuers in the table, where all sandboxes find them.

use crate::error::Error;
use crate::oidc::{KeyStore, SharedKeys, StoreCall};
use crate::records::{IssuerKeys, Records};
use crate::time::{epoch_seconds, from_epoch_seconds};

/// The table as a store of keys.
#[derive(Debug, Clone)]
pub(crate) struct KeysInTable(pub(crate) Records);

impl KeyStore for KeysInTable {
    fn find<'a>(&'a self, issuer: &'a str) -> StoreCall<'a, Option<SharedKeys>> {
        Box::pin(async move {
            let found = self.0.issuer_keys(issuer).await.map_err(|error| cause(&error))?;
            Ok(found.map(|keys| SharedKeys {
                fetched_at: from_epoch_seconds(keys.fetched_at),
                expires_at: from_epoch_seconds(keys.expires_at),
                jwks: keys.jwks,
            }))
        })
    }

    fn put<'a>(&'a self, issuer: &'a str, keys: SharedKeys) -> StoreCall<'a, ()> {
        Box::pin(async move {
            let keys = IssuerKeys {
                issuer: issuer.to_owned(),
                fetched_at: epoch_seconds(keys.fetched_at),
                expires_at: epoch_seconds(keys.expires_at),
                jwks: keys.jwks,
            };
            self.0.put_issuer_keys(&keys).await.map_err(|error| cause(&error))
        })
    }
}

fn cause(error: &Error) -> String {
    error.cause().map_or_else(|| error.to_string(), str::to_owned)
}
