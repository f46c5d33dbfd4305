//! OIDC: jobs of a build system publish with a short-lived token of its issuer, without a stored secret.
//!
//! A registry's [`Policy`] says which tokens may do what. [`Authority::authenticate`] reads a token,
//! fetches the keys of its issuer where the policy names it, verifies the token, and asks the policy.
//! Knows neither records nor the API: text in, [`Identity`] out.

mod client;
pub mod issuer;
pub mod keys;
pub mod policy;
mod public_address;
#[cfg(test)]
mod test_issuer;
pub mod token;

use std::fmt;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::id::name_id;
use crate::scope::Scope;
use issuer::{Issuers, KeysError};
pub use policy::Policy;
use token::{Expectations, InvalidToken, UnverifiedToken};

/// Longest lifetime of a token by default.
pub const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_mins(5);

/// Verification of tokens for a deployment.
#[derive(Debug)]
pub struct Authority {
    issuers: Issuers,
    max_lifetime: Duration,
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

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::Later { retry_after, .. } => write!(
                f,
                "The keys of the OIDC token's issuer cannot be had at the moment. \
                 Repeat the request after {} seconds.",
                retry_after.as_secs().max(1)
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl Authority {
    /// An authority that accepts tokens of at most this lifetime, and with `allows_private_issuers` those of
    /// issuers that are not on the public internet.
    #[must_use]
    pub fn new(max_lifetime: Duration, allows_private_issuers: bool) -> Self {
        Self {
            issuers: Issuers::new(allows_private_issuers),
            max_lifetime,
        }
    }

    /// Verifies a token against the policy of the registry that it is used at.
    ///
    /// # Errors
    /// Why the token is not let in. The issuer was contacted only if the policy names it.
    pub async fn authenticate(
        &self,
        token: UnverifiedToken,
        policy: &Policy,
        audiences: &[String],
    ) -> Result<Identity, Refusal> {
        if !policy.names_issuer(token.issuer()) {
            let message = "This registry's OIDC policy does not name the OIDC token's issuer.";
            return Err(InvalidToken::new(message).into());
        }
        let keys = self.issuers.keys(token.issuer(), token.key_id()).await?;
        let expected = Expectations {
            audiences,
            max_lifetime: self.max_lifetime,
            now: SystemTime::now(),
        };
        let verified = token.verify(&keys, &expected)?;
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
}

/// A UUID (version 5) of the subject, in the namespace that is a UUID of the issuer's address.
fn identity_id(issuer: &str, subject: &str) -> Uuid {
    name_id(name_id(Uuid::NAMESPACE_URL, issuer), subject)
}

#[cfg(test)]
mod tests;
