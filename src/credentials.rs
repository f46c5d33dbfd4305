//! Credentials: the one place that reads them from a request's headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;

use crate::error::{Error, Result};
use crate::oidc::token::{UnverifiedToken, is_token};
use crate::secret::{InvalidSecret, PREFIX, Secret};

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

/// Schemes of `Authorization` that a door takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schemes {
    /// `Bearer` alone: a browser sends what it keeps of `Basic` from any page.
    Bearer,
    /// `Bearer`, `Basic` with the token as password or as user, and the token alone: package managers send each.
    All,
}

/// Reads the credential of a request. No storage is asked for it, and no body is read.
///
/// # Errors
/// [`Error::Unauthorized`] where the header is missing or carries no well-formed credential.
pub(crate) fn read(headers: &HeaderMap, schemes: Schemes) -> Result<Credential> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| match schemes {
        Schemes::Bearer => {
            unauthorized("This request carries no token. Send the header `Authorization: Bearer <token>`.")
        }
        Schemes::All => unauthorized(
            "This request carries no token. Give the package manager a token as the password for this \
             registry, with `token` as the user.",
        ),
    })?;
    let text = header.to_str().unwrap_or_default().trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") && !rest.is_empty() {
        return credential(rest.trim());
    }
    match schemes {
        Schemes::All if scheme.eq_ignore_ascii_case("basic") => basic(rest.trim()),
        Schemes::All if rest.is_empty() && !text.is_empty() => credential(text),
        Schemes::Bearer => Err(unauthorized(
            "The Authorization header is not of the form `Authorization: Bearer <token>`. Send it in that form.",
        )),
        Schemes::All => Err(unauthorized(
            "The Authorization header can be read neither as `Bearer <token>` nor as `Basic <user:token>`. \
             Give the package manager a token as the password for this registry.",
        )),
    }
}

/// Reads the token of `Basic`, which may be either half: whichever looks like one, else the password.
fn basic(encoded: &str) -> Result<Credential> {
    let decoded = BASE64.decode(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let halves = text.as_deref().and_then(|text| text.split_once(':'));
    let Some((user, password)) = halves else {
        return Err(unauthorized(
            "The Authorization header is not `Basic` as RFC 7617 has it: base64 of user, colon and password. \
             Give the package manager a token as the password for this registry.",
        ));
    };
    let looks_like_token = |half: &str| half.starts_with(PREFIX) || is_token(half);
    if looks_like_token(user) && !looks_like_token(password) {
        credential(user)
    } else {
        credential(password)
    }
}

/// Reads the secret of a token, or the token of a job.
fn credential(text: &str) -> Result<Credential> {
    if is_token(text) {
        return Ok(Credential::Job(Box::new(UnverifiedToken::read(text)?)));
    }
    text.parse().map(Credential::Secret).map_err(|mistake| {
        unauthorized(match mistake {
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

fn unauthorized(message: &'static str) -> Error {
    Error::Unauthorized(message.into())
}

#[cfg(test)]
mod tests {
    use lambda_http::http::HeaderValue;

    use super::*;
    use crate::secret::DEVELOPMENT_TOKEN as TOKEN;

    fn outcome(header: Option<&str>, schemes: Schemes) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.extend(header.map(|text| (AUTHORIZATION, HeaderValue::from_str(text).unwrap())));
        match read(&headers, schemes) {
            Ok(Credential::Secret(secret)) => {
                assert_eq!(secret.hash(), TOKEN.parse::<Secret>().unwrap().hash());
                Ok(())
            }
            Ok(Credential::Job(_)) => Err("a job".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn basic_of(text: &str) -> String {
        format!("Basic {}", BASE64.encode(text))
    }

    #[test]
    fn package_managers_may_send_tokens_in_any_form() {
        for header in [
            format!("Bearer {TOKEN}"),
            format!("bearer  {TOKEN} "),
            TOKEN.to_owned(),
            basic_of(&format!("token:{TOKEN}")),
            basic_of(&format!("__token__:{TOKEN}")),
            basic_of(&format!("{TOKEN}:")),
            basic_of(&format!("{TOKEN}:x-oauth-basic")),
            basic_of(&format!("{TOKEN}:{TOKEN}")),
            basic_of(&format!(":{TOKEN}")),
        ] {
            assert_eq!(outcome(Some(&header), Schemes::All), Ok(()), "{header}");
            let bearer = header.to_ascii_lowercase().starts_with("bearer");
            assert_eq!(
                outcome(Some(&header), Schemes::Bearer).is_ok(),
                bearer,
                "{header}"
            );
        }
    }

    #[test]
    fn unreadable_credentials_are_told_what_to_send() {
        for (header, expected) in [
            (None, "This request carries no token."),
            (
                Some(String::new()),
                "The Authorization header can be read neither",
            ),
            (
                Some("Digest x".to_owned()),
                "The Authorization header can be read neither",
            ),
            (
                Some("Basic !".to_owned()),
                "The Authorization header is not `Basic`",
            ),
            (
                Some(basic_of("no colon")),
                "The Authorization header is not `Basic`",
            ),
            (
                Some("Basic".to_owned()),
                "The Authorization header is not `Basic`",
            ),
            (
                Some(basic_of("user:password")),
                "This is not a token of this registry",
            ),
            (Some(basic_of(&format!("user:{TOKEN}0"))), "This"),
            (Some("Bearer".to_owned()), "This is not a token of this registry"),
        ] {
            let message = outcome(header.as_deref(), Schemes::All).unwrap_err();
            assert!(message.starts_with(expected), "{header:?}: {message}");
        }
    }
}
