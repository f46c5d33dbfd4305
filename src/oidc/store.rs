//! Keys of issuers that the sandboxes of a deployment share, so that each issuer is asked once and not by each
//! of them.

use std::fmt;
use std::pin::Pin;
use std::time::SystemTime;

/// A call of a store. Its error is a phrase for the log: everything goes on without the store.
pub type StoreCall<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// Keys of an issuer, as one sandbox fetched them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedKeys {
    /// A JWK set.
    pub jwks: String,
    /// Time of the fetch.
    pub fetched_at: SystemTime,
    /// Time after which nobody uses them.
    pub expires_at: SystemTime,
}

/// A place of keys that all sandboxes of a deployment reach.
pub trait KeyStore: fmt::Debug + Send + Sync {
    /// The keys that were put there of an issuer.
    fn find<'a>(&'a self, issuer: &'a str) -> StoreCall<'a, Option<SharedKeys>>;

    /// Puts keys there. Newer ones of the same issuer may stay in their place.
    fn put<'a>(&'a self, issuer: &'a str, keys: SharedKeys) -> StoreCall<'a, ()>;
}
