//! Issuers of tokens: where their keys are (`OpenID` Connect Discovery 1.0, section 4), and for how long
//! they are kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::client::{Client, FetchError};
use super::keys::KeySet;

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
/// Issuers whose keys are kept.
const MAX_ISSUERS: usize = 256;

/// The keys of issuers, fetched when they are first needed.
#[derive(Debug)]
pub struct Issuers {
    client: Client,
    /// Time for both requests to an issuer.
    fetch_timeout: Duration,
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
    keys: Option<(Arc<KeySet>, Instant)>,
    last_attempt: Option<Instant>,
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
    fn plan(&self, key_id: &str, now: Instant) -> Plan {
        let age = |since: Instant| now.saturating_duration_since(since);
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
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issuers {
    /// No issuer yet. With `allows_private`, issuers at addresses that are not public are contacted too,
    /// and on loopback without TLS.
    #[must_use]
    pub fn new(allows_private: bool) -> Self {
        Self {
            client: Client::new(allows_private),
            fetch_timeout: FETCH_TIMEOUT,
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
        self.keys_at(issuer, key_id, Instant::now).await
    }

    async fn keys_at(
        &self,
        address: &str,
        key_id: &str,
        now: impl Fn() -> Instant,
    ) -> Result<Arc<KeySet>, KeysError> {
        let issuer = self.issuer(address);
        let plan = issuer.kept().plan(key_id, now());
        if let Plan::Use(keys) = plan {
            return Ok(keys);
        }
        // Whoever has the turn may be fetching what this call needs.
        let _turn = issuer.fetching.lock().await;
        let plan = issuer.kept().plan(key_id, now());
        match plan {
            Plan::Use(keys) => Ok(keys),
            Plan::Fetch(fallback) => self.refresh(&issuer, address, fallback, now()).await,
            Plan::Wait(wait) => Err(KeysError::Later {
                cause: format!("the keys of {address} were fetched, or could not be, a moment ago"),
                retry_after: wait,
            }),
        }
    }

    async fn refresh(
        &self,
        issuer: &Issuer,
        address: &str,
        fallback: Option<Arc<KeySet>>,
        now: Instant,
    ) -> Result<Arc<KeySet>, KeysError> {
        // Noted before, so that a call that is cancelled while it waits counts too.
        issuer.kept().last_attempt = Some(now);
        let fetched = tokio::time::timeout(self.fetch_timeout, self.fetch(address)).await;
        let error = match fetched {
            Ok(Ok(keys)) => {
                let keys = Arc::new(keys);
                issuer.kept().keys = Some((Arc::clone(&keys), now));
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

    async fn fetch(&self, address: &str) -> Result<KeySet, FetchError> {
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
        KeySet::read(&bytes).map_err(FetchError::Failed)
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

#[cfg(test)]
mod tests;
