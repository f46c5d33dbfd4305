//! Issuers of tokens: where their keys are (`OpenID` Connect Discovery 1.0, section 4), and for how long
//! they are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::client::{Client, FetchError};
use super::keys::KeySet;
use super::store::{KeyStore, SharedKeys};

/// Time for both requests to an issuer.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Time after which keys are fetched again, so that one that the issuer withdrew is no longer accepted.
const MAX_AGE: Duration = Duration::from_hours(1);
/// Time for which keys are good while the issuer cannot be reached.
const MAX_STALE_AGE: Duration = Duration::from_hours(24);
/// Time between two fetches of an issuer whose keys are known: made-up key ids cause no more.
const REFRESH_INTERVAL: Duration = Duration::from_mins(1);
/// Time between two fetches of an issuer of which no keys are known.
const RETRY_INTERVAL: Duration = Duration::from_secs(10);
/// Time for one call of the store of shared keys, without which everything goes on.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// Difference between the clocks of two sandboxes that is tolerated.
const CLOCK_SKEW: Duration = Duration::from_mins(1);
/// Issuers whose keys are kept.
const MAX_ISSUERS: usize = 256;

/// The keys of issuers, fetched when they are first needed.
#[derive(Debug)]
pub struct Issuers {
    client: Client,
    /// Time for both requests to an issuer.
    fetch_timeout: Duration,
    /// Keys that other sandboxes have fetched.
    store: Arc<dyn KeyStore>,
    known: Mutex<HashMap<String, Arc<Issuer>>>,
}

/// A reason for which there are no keys to verify a token with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysError {
    /// The issuer may not be contacted or trusted. A whole sentence for the client.
    Refused(String),
    /// The keys cannot be had now.
    Later {
        /// A phrase for the log.
        cause: String,
        /// Time after which the keys are fetched again at the earliest.
        retry_after: Duration,
    },
}

/// An issuer, of whose keys one call at a time fetches the current ones.
#[derive(Debug, Default)]
struct Issuer {
    kept: Mutex<Kept>,
    fetching: tokio::sync::Mutex<()>,
}

/// Keys in memory.
#[derive(Debug, Clone, Default)]
struct Kept {
    /// Wall clock: a sandbox may be frozen for hours, which no other clock notices.
    keys: Option<(Arc<KeySet>, SystemTime)>,
    last_attempt: Option<SystemTime>,
}

/// Next step of a call that needs keys.
#[derive(Debug)]
enum Plan {
    /// Uses the keys that are kept.
    Use(Arc<KeySet>),
    /// Fetches; where that fails, uses these.
    Fetch(Option<Arc<KeySet>>),
    /// Gives up for so long.
    Wait(Duration),
}

impl Kept {
    fn plan(&self, key_id: &str, now: SystemTime) -> Plan {
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        let kept = self
            .keys
            .as_ref()
            .filter(|(_, fetched)| age(*fetched) < MAX_STALE_AGE);
        let usable = kept.filter(|(keys, _)| keys.contains(key_id));
        if let Some((keys, fetched)) = usable
            && age(*fetched) < MAX_AGE
        {
            return Plan::Use(Arc::clone(keys));
        }
        let interval = if kept.is_some() {
            REFRESH_INTERVAL
        } else {
            RETRY_INTERVAL
        };
        let wait = self
            .last_attempt
            .map_or(Duration::ZERO, |last| interval.saturating_sub(age(last)));
        match usable.map(|(keys, _)| Arc::clone(keys)) {
            fallback if wait.is_zero() => Plan::Fetch(fallback),
            Some(keys) => Plan::Use(keys),
            None => Plan::Wait(wait),
        }
    }
}

impl Issuer {
    /// Takes keys that another sandbox fetched, if they are newer than its own. That fetch counts as one of
    /// its own.
    fn take(&self, keys: KeySet, fetched_at: SystemTime) {
        let mut kept = self.kept();
        if kept.keys.as_ref().is_none_or(|(_, own)| *own < fetched_at) {
            kept.keys = Some((Arc::new(keys), fetched_at));
            kept.last_attempt = kept.last_attempt.max(Some(fetched_at));
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issuers {
    /// No issuer yet. With `allows_private`, issuers at addresses that are not public are contacted too,
    /// and on loopback without TLS.
    #[must_use]
    pub fn new(allows_private: bool, store: Arc<dyn KeyStore>) -> Self {
        Self {
            client: Client::new(allows_private),
            fetch_timeout: FETCH_TIMEOUT,
            store,
            known: Mutex::default(),
        }
    }

    /// The keys of an issuer, with the one of this id if the issuer publishes it. To be called only for an
    /// issuer that the registry's own policy names.
    ///
    /// # Errors
    /// Where there are none to be had now, or the key is unknown and the keys were fetched within the last
    /// minute.
    pub async fn keys(&self, issuer: &str, key_id: &str) -> Result<Arc<KeySet>, KeysError> {
        self.keys_at(issuer, key_id, SystemTime::now).await
    }

    async fn keys_at(
        &self,
        address: &str,
        key_id: &str,
        now: impl Fn() -> SystemTime,
    ) -> Result<Arc<KeySet>, KeysError> {
        let issuer = self.issuer(address);
        let plan = issuer.kept().plan(key_id, now());
        if let Plan::Use(keys) = plan {
            return Ok(keys);
        }
        // Whoever has the turn may be fetching what this call needs.
        let _turn = issuer.fetching.lock().await;
        let mut plan = issuer.kept().plan(key_id, now());
        if matches!(plan, Plan::Fetch(_)) {
            self.take_shared(&issuer, address, now()).await;
            plan = issuer.kept().plan(key_id, now());
        }
        match plan {
            Plan::Use(keys) => Ok(keys),
            Plan::Fetch(fallback) => self.refresh(&issuer, address, fallback, now()).await,
            Plan::Wait(wait) => Err(KeysError::Later {
                cause: format!("the keys of {address} were fetched, or could not be, a moment ago"),
                retry_after: wait,
            }),
        }
    }

    /// Looks for keys that another sandbox has fetched.
    async fn take_shared(&self, issuer: &Issuer, address: &str, now: SystemTime) {
        let found = in_time(self.store.find(address)).await;
        let read = found.and_then(|found| {
            let newest = now + CLOCK_SKEW;
            // A moment to come would keep the keys for longer than the issuer wants.
            let found = found.filter(|shared| shared.fetched_at <= newest);
            let keys = found.map(|shared| Ok::<_, String>((KeySet::read(shared.jwks.as_bytes())?, shared)));
            keys.transpose()
        });
        match read {
            Ok(Some((keys, shared))) => issuer.take(keys, shared.fetched_at.min(now)),
            Ok(None) => {}
            Err(cause) => {
                tracing::warn!(issuer = address, cause, "shared keys of an issuer were not read");
            }
        }
    }

    async fn refresh(
        &self,
        issuer: &Issuer,
        address: &str,
        fallback: Option<Arc<KeySet>>,
        now: SystemTime,
    ) -> Result<Arc<KeySet>, KeysError> {
        // Noted before, so that a call that is cancelled while it waits counts too.
        issuer.kept().last_attempt = Some(now);
        let fetched = tokio::time::timeout(self.fetch_timeout, self.fetch(address)).await;
        let error = match fetched {
            Ok(Ok((keys, jwks))) => {
                let keys = Arc::new(keys);
                issuer.kept().keys = Some((Arc::clone(&keys), now));
                self.share(address, jwks, now).await;
                return Ok(keys);
            }
            Ok(Err(error)) => error,
            Err(_) => FetchError::Failed(format!("no answer within {:?}", self.fetch_timeout)),
        };
        match (fallback, error) {
            (Some(keys), FetchError::Refused(cause) | FetchError::Failed(cause)) => {
                tracing::warn!(issuer = address, cause, "older keys of an issuer are used");
                Ok(keys)
            }
            (None, FetchError::Refused(message)) => Err(KeysError::Refused(message)),
            (None, FetchError::Failed(why)) => Err(KeysError::Later {
                cause: format!("the keys of {address} could not be fetched: {why}"),
                retry_after: RETRY_INTERVAL,
            }),
        }
    }

    /// Puts keys where other sandboxes find them. Awaited, since a frozen sandbox finishes nothing.
    async fn share(&self, address: &str, jwks: String, fetched_at: SystemTime) {
        let keys = SharedKeys {
            jwks,
            fetched_at,
            expires_at: fetched_at + MAX_STALE_AGE,
        };
        if let Err(cause) = in_time(self.store.put(address, keys)).await {
            tracing::warn!(issuer = address, cause, "keys of an issuer are not shared");
        }
    }

    /// The keys of an issuer, and what of them is shared.
    async fn fetch(&self, address: &str) -> Result<(KeySet, String), FetchError> {
        /// The metadata of an issuer, of which the rest is not needed.
        #[derive(Deserialize)]
        struct Discovery {
            issuer: String,
            jwks_uri: String,
        }
        let place = format!(
            "{}/.well-known/openid-configuration",
            address.trim_end_matches('/')
        );
        let bytes = self.client.get(&place).await?;
        let discovery: Discovery = serde_json::from_slice(&bytes).map_err(|error| {
            FetchError::Failed(format!("{place} is not the metadata of an issuer: {error}"))
        })?;
        if discovery.issuer != address {
            let message =
                "The issuer says that it is another one. Its `issuer` must be the `iss` of the token.";
            return Err(FetchError::Refused(message.to_owned()));
        }
        let bytes = self.client.get(&discovery.jwks_uri).await?;
        let keys = KeySet::read(&bytes).map_err(FetchError::Failed)?;
        Ok((keys, KeySet::reduce(&bytes).map_err(FetchError::Failed)?))
    }

    fn issuer(&self, address: &str) -> Arc<Issuer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(issuer) = known.get(address) {
            return Arc::clone(issuer);
        }
        if known.len() >= MAX_ISSUERS {
            let oldest = known.iter().min_by_key(|(_, issuer)| issuer.kept().last_attempt);
            if let Some(oldest) = oldest.map(|(address, _)| address.clone()) {
                known.remove(&oldest);
            }
        }
        Arc::clone(known.entry(address.to_owned()).or_default())
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let done = tokio::time::timeout(STORE_TIMEOUT, call).await;
    done.unwrap_or_else(|_| Err(format!("no answer within {STORE_TIMEOUT:?}")))
}

#[cfg(test)]
mod tests;
