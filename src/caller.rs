//! The `Authorization` header → a secret, and the token that it turns out to be.

use std::sync::OnceLock;

use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::secret::{InvalidSecret, Secret};

/// Whoever makes a call.
#[derive(Debug)]
pub(crate) struct Caller {
    secret: Result<Secret, &'static str>,
    /// Known once the token's record has been read.
    token: OnceLock<Uuid>,
}

impl Caller {
    /// The caller that the request's headers claim.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            secret: secret(headers),
            token: OnceLock::new(),
        }
    }

    /// The secret of the caller's token, well-formed, whether or not there is such a token.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], which costs nothing to find out: no storage is asked, no body read.
    pub(crate) fn secret(&self) -> Result<&Secret> {
        self.secret
            .as_ref()
            .map_err(|message| Error::Unauthorized(message))
    }

    /// Remembers for the log whose secret it is.
    pub(crate) fn recognize(&self, token: Uuid) {
        self.token.get_or_init(|| token);
    }

    /// The id of the caller's token, if it is a valid one.
    pub(crate) fn token_id(&self) -> Option<Uuid> {
        self.token.get().copied()
    }
}

fn secret(headers: &HeaderMap) -> Result<Secret, &'static str> {
    let header = headers
        .get(AUTHORIZATION)
        .ok_or("This request carries no token. Send the header `Authorization: Bearer <token>`.")?;
    let words = header.to_str().ok().and_then(|text| text.trim().split_once(' '));
    let (_, text) = words
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or("The Authorization header is not of the form `Authorization: Bearer <token>`.")?;
    text.trim().parse().map_err(|mistake| match mistake {
        InvalidSecret::Form => {
            "This is no token of this registry: they begin with `pkgs_`. Use one made for this organization."
        }
        InvalidSecret::Checksum => {
            "This token is incomplete or has a typing error: its checksum does not hold. Copy it again, whole."
        }
    })
}
