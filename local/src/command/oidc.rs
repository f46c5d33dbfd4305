//! Flags of OIDC: which tokens of jobs are accepted.

use std::time::Duration;

use packages_api::OidcConfig;

/// Bounds of the tokens, as the template's parameters have them.
#[derive(Debug, clap::Args)]
pub(super) struct OidcFlags {
    /// The longest lifetime of an OIDC token, in seconds, as the template's parameter `OidcMaxTokenLifetime`
    #[arg(long = "oidc-max-token-lifetime", value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=86400))]
    max_token_lifetime: u64,
    /// Accept OIDC tokens for the public service too, as the template's parameter `OidcPublicAudience`
    #[arg(long = "oidc-public-audience")]
    public_audience: bool,
    /// Let OIDC policies name issuers at addresses that are not public, such as <http://127.0.0.1:9090>
    #[arg(long = "oidc-private-issuers")]
    private_issuers: bool,
}

impl OidcFlags {
    pub(super) fn config(&self) -> OidcConfig {
        OidcConfig {
            max_token_lifetime: Duration::from_secs(self.max_token_lifetime),
            accepts_public_audience: self.public_audience,
            allows_private_issuers: self.private_issuers,
        }
    }
}
