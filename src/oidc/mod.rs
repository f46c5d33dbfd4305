//! OIDC: jobs of a build system publish with a short-lived token of its issuer, without a stored secret.
//!
//! A registry's [`Policy`] says which tokens may do what. [`Authority::authenticate`] reads a token,
//! fetches the keys of its issuer where the policy names it, verifies the token, and asks the policy.
//! Knows neither records nor the API: text in, [`Identity`] out. What sandboxes share lies in a [`KeyStore`]
//! that it is handed.

mod client;
pub mod issuer;
pub mod keys;
pub mod policy;
mod public_address;
mod store;
#[cfg(test)]
mod test_issuer;
#[cfg(test)]
mod test_store;
pub mod token;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::address::RegistryAddress;
use crate::config::OidcConfig;
use crate::error::Error;
use crate::id::name_id;
use crate::scope::Scope;
use issuer::{Issuers, KeysError};
pub use policy::Policy;
pub use store::{KeyStore, SharedKeys, StoreCall};
use token::{Expectations, InvalidToken, UnverifiedToken};

/// Address before a registry's in the audience that the public service's plugin requests, whichever registry it
/// publishes to.
const PUBLIC_AUDIENCE: &str = "https://packages.buildkite.com";

/// Verification of tokens for a deployment.
#[derive(Debug)]
pub struct Authority {
    issuers: Issuers,
    max_lifetime: Duration,
    /// Addresses before a registry's in the audiences that are accepted.
    audiences: Vec<String>,
}

/// Who a token was issued to, and what the policy lets it do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// An id of issuer and subject, the same for every token of theirs.
    pub id: Uuid,
    /// Issuer of the token.
    pub issuer: String,
    /// Subject of the token, such as a repository and a branch.
    pub subject: String,
    /// Scopes granted.
    pub scopes: Vec<Scope>,
    /// Statement of the policy that granted them, counted from 1.
    pub statement: usize,
}

/// A reason for not letting a token in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The token is not valid here, for a 401.
    Invalid(InvalidToken),
    /// The issuer's keys cannot be had now, for a 503.
    Later {
        /// A phrase for the log.
        cause: String,
        /// Time after which a repeat may succeed.
        retry_after: Duration,
    },
}

impl From<InvalidToken> for Refusal {
    fn from(invalid: InvalidToken) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<KeysError> for Refusal {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Refused(message) => Self::Invalid(InvalidToken::new(message)),
            KeysError::Later { cause, retry_after } => Self::Later { cause, retry_after },
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => invalid.into(),
            Refusal::Later { cause, retry_after } => Self::KeysUnavailable {
                cause,
                // Rounded up: a second too early is one more refusal.
                retry_after_seconds: u32::try_from(retry_after.as_secs() + 1).unwrap_or(u32::MAX),
            },
        }
    }
}

impl From<InvalidToken> for Error {
    fn from(invalid: InvalidToken) -> Self {
        Self::Unauthorized(invalid.to_string().into())
    }
}

impl Authority {
    /// An authority for the deployment that is reached at `base_url`.
    #[must_use]
    pub fn new(base_url: &str, config: OidcConfig, store: Arc<dyn KeyStore>) -> Self {
        let public = config.accepts_public_audience.then_some(PUBLIC_AUDIENCE);
        let audiences = [Some(base_url), public].into_iter().flatten();
        Self {
            issuers: Issuers::new(config.allows_private_issuers, store),
            max_lifetime: config.max_token_lifetime,
            audiences: audiences.map(str::to_owned).collect(),
        }
    }

    /// Checks what can be told of a token without its issuer and without the registry: its times and its
    /// audience.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn check(&self, token: &UnverifiedToken, registry: &RegistryAddress) -> Result<(), InvalidToken> {
        token.check(&self.expectations(&self.audiences_of(registry)))
    }

    /// Verifies a token against the policy of the registry that it is used at.
    ///
    /// # Errors
    /// Why the token is not let in. The issuer was contacted only if the policy names it.
    pub async fn authenticate(
        &self,
        token: UnverifiedToken,
        policy: &Policy,
        registry: &RegistryAddress,
    ) -> Result<Identity, Refusal> {
        if !policy.names_issuer(token.issuer()) {
            let message = "This registry's OIDC policy does not name the OIDC token's issuer.";
            return Err(InvalidToken::new(message).into());
        }
        let keys = self.issuers.keys(token.issuer(), token.key_id()).await?;
        let verified = token.verify(&keys, &self.expectations(&self.audiences_of(registry)))?;
        let Some(grant) = policy.decide(&verified.issuer, &verified.claims) else {
            let message = "No statement of this registry's OIDC policy matches the OIDC token's claims.";
            return Err(InvalidToken::new(message).into());
        };
        Ok(Identity {
            id: identity_id(&verified.issuer, &verified.subject),
            scopes: grant.scopes.to_vec(),
            statement: grant.statement,
            issuer: verified.issuer,
            subject: verified.subject,
        })
    }

    fn audiences_of(&self, registry: &RegistryAddress) -> Vec<String> {
        let bases = self.audiences.iter();
        bases.map(|base| format!("{base}/{registry}")).collect()
    }

    fn expectations<'a>(&self, audiences: &'a [String]) -> Expectations<'a> {
        Expectations {
            audiences,
            max_lifetime: self.max_lifetime,
            now: SystemTime::now(),
        }
    }
}

/// A UUID (version 5) of the subject, in the namespace that is a UUID of the issuer's address.
fn identity_id(issuer: &str, subject: &str) -> Uuid {
    name_id(name_id(Uuid::NAMESPACE_URL, issuer), subject)
}

#[cfg(test)]
mod tests;
