//! The keys that an issuer publishes: a JWK set (RFC 7517), of which only what can verify a token is kept.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keys of a set that are looked at.
pub const MAX_KEYS: usize = 64;

const MIN_RSA_BITS: usize = 2048;
const MAX_RSA_BITS: usize = 8192;
const COORDINATE_BYTES: usize = 32;

/// The usable keys of an issuer, by their ids.
#[derive(Debug, Clone, Default)]
pub struct KeySet(HashMap<String, VerifyingKey>);

/// A public key, and the one algorithm that it is for.
#[derive(Debug, Clone)]
pub(super) struct VerifyingKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

/// A set of what can verify a token, and of no more.
#[derive(Serialize)]
struct UsableSet {
    keys: Vec<Jwk>,
}

/// A JSON Web Key, RFC 7517 section 4 and RFC 7518 section 6.
#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK set. Keys for other purposes or algorithms, of less than 2048 bits, or without an id
    /// are passed over; of two with the same id the first is kept.
    ///
    /// # Errors
    /// A sentence, where the bytes are not a JWK set or none of its keys is usable.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut keys = HashMap::new();
        for (jwk, key) in usable(bytes)? {
            keys.entry(jwk.kid).or_insert(key);
        }
        Ok(Self(keys))
    }

    /// The usable keys of a JWK set as a JWK set of their own, without certificates and whatever else is of no
    /// use here.
    ///
    /// # Errors
    /// As of [`read`](Self::read).
    pub fn reduce(bytes: &[u8]) -> Result<String, String> {
        let keys = usable(bytes)?.into_iter().map(|(jwk, _)| jwk).collect();
        serde_json::to_string(&UsableSet { keys }).map_err(|error| error.to_string())
    }

    /// Whether there is a key of this id.
    #[must_use]
    pub fn contains(&self, key_id: &str) -> bool {
        self.0.contains_key(key_id)
    }

    pub(super) fn get(&self, key_id: &str) -> Option<&VerifyingKey> {
        self.0.get(key_id)
    }
}

fn usable(bytes: &[u8]) -> Result<Vec<(Jwk, VerifyingKey)>, String> {
    let set: JwkSet =
        serde_json::from_slice(bytes).map_err(|error| format!("the keys are not a JWK set: {error}"))?;
    let mut keys = Vec::new();
    for value in set.keys.into_iter().take(MAX_KEYS) {
        let Ok(jwk) = serde_json::from_value::<Jwk>(value) else {
            continue;
        };
        if let Some(key) = jwk.verifying_key() {
            keys.push((jwk, key));
        }
    }
    if keys.is_empty() {
        return Err(
            "the JWK set has no usable key: expected RSA of at least 2048 bits, P-256 or Ed25519".into(),
        );
    }
    Ok(keys)
}

impl Jwk {
    fn verifying_key(&self) -> Option<VerifyingKey> {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (algorithm, name, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => (Algorithm::RS256, "RS256", self.rsa()?),
            ("EC", Some("P-256")) => (Algorithm::ES256, "ES256", self.p256()?),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDSA, "EdDSA", self.ed25519()?),
            _ => return None,
        };
        let is_declared = |declared: &str| declared == name || (name == "EdDSA" && declared == "Ed25519");
        let fits = self.alg.as_deref().is_none_or(is_declared);
        fits.then_some(VerifyingKey { algorithm, key })
    }

    fn rsa(&self) -> Option<DecodingKey> {
        let modulus = decode(self.n.as_deref()?)?;
        let exponent = decode(self.e.as_deref()?)?;
        let leading = modulus.iter().position(|byte| *byte != 0)?;
        let modulus = modulus.get(leading..)?;
        let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
        let is_strong = (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits);
        is_strong.then(|| DecodingKey::from_rsa_raw_components(modulus, &exponent))
    }

    fn p256(&self) -> Option<DecodingKey> {
        let (x, y) = (self.x.as_deref()?, self.y.as_deref()?);
        let is_coordinate = |text| decode(text).is_some_and(|bytes| bytes.len() == COORDINATE_BYTES);
        let key = || DecodingKey::from_ec_components(x, y).ok();
        (is_coordinate(x) && is_coordinate(y)).then(key).flatten()
    }

    fn ed25519(&self) -> Option<DecodingKey> {
        let bytes = decode(self.x.as_deref()?)?;
        (bytes.len() == COORDINATE_BYTES).then(|| DecodingKey::from_ed_der(&bytes))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests;
