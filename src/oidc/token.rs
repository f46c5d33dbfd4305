//! OIDC tokens: signed JSON Web Tokens in the compact form (RFC 7515, RFC 7519).
//!
//! A token is [read](UnverifiedToken::read) before anything is known of it but its form. Only
//! [`verify`](UnverifiedToken::verify) gives out its claims.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, crypto};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys::KeySet;

/// Bytes of a token. A gateway takes some 10 kB of headers altogether.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Difference between the issuer's clock and ours that is tolerated.
const LEEWAY: Duration = Duration::from_mins(1);

/// A token of which nothing is verified.
#[derive(Clone)]
pub struct UnverifiedToken {
    /// Header and claims as they were signed.
    message: String,
    signature: String,
    algorithm: Algorithm,
    key_id: String,
    issuer: String,
    claims: Map<String, Value>,
}

/// A token whose signature, times and audience are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedToken {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub subject: String,
    /// All claims.
    pub claims: Map<String, Value>,
}

/// Expectations that a token must meet.
#[derive(Debug, Clone, Copy)]
pub struct Expectations<'a> {
    /// The values of `aud` that are accepted.
    pub audiences: &'a [String],
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Duration,
    /// The time of the call.
    pub now: SystemTime,
}

/// A reason for refusing a token: a whole sentence without any part of the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidToken(String);

impl InvalidToken {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidToken {}

/// The header, RFC 7515 section 4.1.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// Whether a secret has the form of a JSON Web Token: three parts, the first of which begins as every
/// JSON object in base64 does.
#[must_use]
pub fn is_token(secret: &str) -> bool {
    secret.starts_with("eyJ") && secret.bytes().filter(|byte| *byte == b'.').count() == 2
}

impl UnverifiedToken {
    /// Takes a token apart.
    ///
    /// # Errors
    /// Where it is too long, not a token, or signed in a way that is not accepted.
    pub fn read(text: &str) -> Result<Self, InvalidToken> {
        if text.len() > MAX_TOKEN_BYTES {
            return Err(InvalidToken(format!(
                "The OIDC token is longer than {MAX_TOKEN_BYTES} bytes."
            )));
        }
        let malformed = || {
            InvalidToken::new(
                "The OIDC token is malformed or was cut off. Request a new one from the issuer.",
            )
        };
        let (message, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
        let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed());
        decode(signature)?;
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
        let claims: Map<String, Value> =
            serde_json::from_slice(&decode(payload)?).map_err(|_| malformed())?;
        if header.crit.is_some() {
            return Err(InvalidToken::new(
                "The OIDC token's header has `crit`, which is not supported.",
            ));
        }
        Ok(Self {
            message: message.to_owned(),
            signature: signature.to_owned(),
            algorithm: read_algorithm(&header.alg)?,
            key_id: header
                .kid
                .filter(|kid| !kid.is_empty())
                .ok_or_else(|| InvalidToken::new("The OIDC token's header does not name its key (`kid`)."))?,
            issuer: required_text(&claims, "iss")?.to_owned(),
            claims,
        })
    }

    /// Issuer that the token claims to be from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Key that the token claims to be signed with.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks times and audience, of which the signature is not verified.
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn check(&self, expected: &Expectations) -> Result<(), InvalidToken> {
        check_times(&self.claims, expected)?;
        check_audience(&self.claims, expected.audiences)
    }

    /// Verifies signature, times and audience with the keys of [its issuer](Self::issuer).
    ///
    /// # Errors
    /// The first of them that is wrong.
    pub fn verify(self, keys: &KeySet, expected: &Expectations) -> Result<VerifiedToken, InvalidToken> {
        let Some(key) = keys.get(&self.key_id) else {
            return Err(InvalidToken::new(
                "The OIDC token is signed with a key that its issuer does not publish.",
            ));
        };
        // A key is for one algorithm, so that nobody can have an RSA key taken for anything else.
        if key.algorithm != self.algorithm {
            return Err(InvalidToken::new(
                "The OIDC token's algorithm is not the one that its key is for.",
            ));
        }
        let message = self.message.as_bytes();
        if !crypto::verify(&self.signature, message, &key.key, key.algorithm).unwrap_or(false) {
            return Err(InvalidToken::new("The OIDC token's signature is not valid."));
        }
        self.check(expected)?;
        Ok(VerifiedToken {
            subject: required_text(&self.claims, "sub")?.to_owned(),
            issuer: self.issuer,
            claims: self.claims,
        })
    }
}

fn read_algorithm(name: &str) -> Result<Algorithm, InvalidToken> {
    match name {
        "RS256" => Ok(Algorithm::RS256),
        "ES256" => Ok(Algorithm::ES256),
        "EdDSA" => Ok(Algorithm::EdDSA),
        _ => Err(InvalidToken::new(
            "The OIDC token is signed with an algorithm that is not accepted. Expected RS256, ES256 or EdDSA.",
        )),
    }
}

fn required_text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, InvalidToken> {
    match claims.get(name).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(InvalidToken(format!(
            "The OIDC token's claim `{name}` is missing or is not a text."
        ))),
    }
}

fn check_times(claims: &Map<String, Value>, expected: &Expectations) -> Result<(), InvalidToken> {
    let now = expected.now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let issued = seconds(claims, "iat")?;
    let expires = seconds(claims, "exp")?;
    let lifetime = expires.saturating_sub(issued);
    if lifetime.is_zero() {
        return Err(InvalidToken::new("The OIDC token expires before it was issued."));
    }
    if lifetime > expected.max_lifetime {
        return Err(InvalidToken(format!(
            "The OIDC token is valid for {} seconds. This deployment accepts tokens that are valid for at most {} \
             seconds: request one with a shorter lifetime.",
            lifetime.as_secs(),
            expected.max_lifetime.as_secs()
        )));
    }
    if issued > now + LEEWAY {
        return Err(InvalidToken::new(
            "The OIDC token was issued in the future. Check the issuer's clock.",
        ));
    }
    if claims.contains_key("nbf") && seconds(claims, "nbf")? > now + LEEWAY {
        return Err(InvalidToken::new(
            "The OIDC token is not valid yet. Use it after the time in `nbf`.",
        ));
    }
    if now >= expires + LEEWAY {
        return Err(InvalidToken::new(
            "The OIDC token has expired. Request a new one from the issuer.",
        ));
    }
    Ok(())
}

/// A `NumericDate`, RFC 7519 section 2, which may have a fraction.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Duration, InvalidToken> {
    /// The last second of the year 9999.
    const MAX_SECONDS: f64 = 253_402_300_799.0;
    match claims.get(name).and_then(Value::as_f64) {
        Some(seconds) if (0.0..=MAX_SECONDS).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(InvalidToken(format!(
            "The OIDC token's claim `{name}` is missing or is not a time."
        ))),
    }
}

fn check_audience(claims: &Map<String, Value>, accepted: &[String]) -> Result<(), InvalidToken> {
    let is_accepted = |audience: &Value| accepted.iter().any(|one| audience.as_str() == Some(one));
    let matches = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().any(is_accepted),
        Some(audience) => is_accepted(audience),
        None => false,
    };
    if matches {
        return Ok(());
    }
    let accepted = accepted.join("` or `");
    Err(InvalidToken(format!(
        "The OIDC token is for another audience. Request one whose `aud` is `{accepted}`."
    )))
}

#[cfg(test)]
mod tests;
