//! Credentials: the one place that reads them from a request's headers.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;

use crate::error::{Error, Result};
use crate::oidc::token::{UnverifiedToken, is_token};
use crate::secret::{InvalidSecret, Secret};

/// Credential of a request, well-formed and no more.
#[derive(Clone)]
pub(crate) enum Credential {
    /// The secret of a token, whether or not there is such a token.
    Secret(Secret),
    /// The token that an issuer gave a job, of which nothing is verified.
    Job(Box<UnverifiedToken>),
}

impl Credential {
    /// The secret, for calls that are not about one registry.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for the token of a job: the policy of a registry lets it in, and no other.
    pub(crate) fn into_secret(self) -> Result<Secret> {
        match self {
            Self::Secret(secret) => Ok(secret),
            Self::Job(_) => Err(Error::Unauthorized(
                "OIDC tokens are for calls about one registry, whose policy lets them in. \
                 Use a token that begins with `pkgs_`."
                    .into(),
            )),
        }
    }
}

/// Reads the credential of `Authorization: Bearer <token>`. No storage is asked for it, and no body is read.
///
/// # Errors
/// [`Error::Unauthorized`] where the header is missing or carries no well-formed credential.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Credential> {
    let header = headers.get(AUTHORIZATION).ok_or(Error::Unauthorized(
        "This request carries no token. Send the header `Authorization: Bearer <token>`.".into(),
    ))?;
    let words = header.to_str().ok().and_then(|text| text.trim().split_once(' '));
    let (_, text) = words
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or(Error::Unauthorized(
            "The Authorization header is not of the form `Authorization: Bearer <token>`. Send it in that form."
                .into(),
        ))?;
    let text = text.trim();
    if is_token(text) {
        return Ok(Credential::Job(Box::new(UnverifiedToken::read(text)?)));
    }
    text.parse().map(Credential::Secret).map_err(|mistake| {
        let message = match mistake {
            InvalidSecret::Form => {
                "This is not a token of this registry: its tokens begin with `pkgs_`. \
                 Use one made for this organization."
            }
            InvalidSecret::Checksum => {
                "This token is incomplete or has a typing error: its checksum is wrong. Copy it again, whole."
            }
        };
        Error::Unauthorized(message.into())
    })
}
