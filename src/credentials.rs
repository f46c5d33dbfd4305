//! Credentials: the one place that reads them from a request's headers.

use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;

use crate::error::{Error, Result};
use crate::secret::{InvalidSecret, Secret};

/// Reads the secret of `Authorization: Bearer <token>`, whether or not there is such a token. No storage
/// is asked for it, and no body is read.
///
/// # Errors
/// [`Error::Unauthorized`] where the header is missing or carries no well-formed secret.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Secret> {
    let header = headers.get(AUTHORIZATION).ok_or(Error::Unauthorized(
        "This request carries no token. Send the header `Authorization: Bearer <token>`.",
    ))?;
    let words = header.to_str().ok().and_then(|text| text.trim().split_once(' '));
    let (_, text) = words
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or(Error::Unauthorized(
            "The Authorization header is not of the form `Authorization: Bearer <token>`. Send it in that form.",
        ))?;
    text.trim().parse().map_err(|mistake| {
        Error::Unauthorized(match mistake {
            InvalidSecret::Form => {
                "This is not a token of this registry: its tokens begin with `pkgs_`. \
                 Use one made for this organization."
            }
            InvalidSecret::Checksum => {
                "This token is incomplete or has a typing error: its checksum is wrong. Copy it again, whole."
            }
        })
    })
}
