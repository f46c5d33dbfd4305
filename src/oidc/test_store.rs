//! A store of keys in memory, which fails on demand.

use std::collections::HashMap;
use std::sync::Mutex;

use super::store::{KeyStore, SharedKeys, StoreCall};

/// How the store answers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum StoreManner {
    #[default]
    Honest,
    Failing,
    Hanging,
    Garbled,
}

#[derive(Debug, Default)]
pub(super) struct MemoryStore {
    manner: StoreManner,
    keys: Mutex<HashMap<String, SharedKeys>>,
    calls: Mutex<Vec<&'static str>>,
}

impl MemoryStore {
    pub(super) fn of(manner: StoreManner) -> Self {
        Self {
            manner,
            ..Self::default()
        }
    }

    /// The calls so far.
    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    async fn meet(&self, call: &'static str) -> Result<(), String> {
        self.calls.lock().unwrap().push(call);
        match self.manner {
            StoreManner::Failing => Err("as the test wants it".to_owned()),
            StoreManner::Hanging => std::future::pending().await,
            StoreManner::Honest | StoreManner::Garbled => Ok(()),
        }
    }
}

impl KeyStore for MemoryStore {
    fn find<'a>(&'a self, issuer: &'a str) -> StoreCall<'a, Option<SharedKeys>> {
        Box::pin(async move {
            self.meet("find").await?;
            if self.manner == StoreManner::Garbled {
                let now = std::time::SystemTime::now();
                return Ok(Some(SharedKeys {
                    jwks: "{}".to_owned(),
                    fetched_at: now,
                    expires_at: now,
                }));
            }
            Ok(self.keys.lock().unwrap().get(issuer).cloned())
        })
    }

    fn put<'a>(&'a self, issuer: &'a str, keys: SharedKeys) -> StoreCall<'a, ()> {
        Box::pin(async move {
            self.meet("put").await?;
            self.keys.lock().unwrap().insert(issuer.to_owned(), keys);
            Ok(())
        })
    }
}
