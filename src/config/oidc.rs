//! Configuration of OIDC: which tokens of jobs a deployment accepts.

use std::time::Duration;

use super::environment::Environment;

/// Longest lifetime of a token by default.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_mins(5);

/// Upper bound of that setting: a token that lives for longer is a stored secret.
const MAX_TOKEN_LIFETIME_SECONDS: u64 = 24 * 60 * 60;

/// Bounds of the tokens that are accepted. Which issuers are, the policy of each registry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OidcConfig {
    /// `OIDC_MAX_TOKEN_LIFETIME`: the longest time from `iat` to `exp`.
    pub max_token_lifetime: Duration,
    /// `OIDC_PUBLIC_AUDIENCE`: `1` where tokens for the public service are accepted too, since its plugin
    /// requests no others.
    pub accepts_public_audience: bool,
    /// `OIDC_PRIVATE_ISSUERS`: `1` where issuers may be at addresses that are not public, and on loopback
    /// without TLS.
    pub allows_private_issuers: bool,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            max_token_lifetime: DEFAULT_TOKEN_LIFETIME,
            accepts_public_audience: false,
            allows_private_issuers: false,
        }
    }
}

impl OidcConfig {
    pub(super) fn read(environment: &mut Environment<impl Fn(&str) -> Option<String>>) -> Self {
        Self {
            max_token_lifetime: environment
                .seconds_within("OIDC_MAX_TOKEN_LIFETIME", 1..=MAX_TOKEN_LIFETIME_SECONDS)
                .unwrap_or(DEFAULT_TOKEN_LIFETIME),
            accepts_public_audience: environment.switch("OIDC_PUBLIC_AUDIENCE"),
            allows_private_issuers: environment.switch("OIDC_PRIVATE_ISSUERS"),
        }
    }
}
