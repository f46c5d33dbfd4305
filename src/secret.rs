//! Token secrets: `pkgs_`, 40 random base62 characters, 6 of checksum.
//!
//! The prefix lets secret scanners spot one; the checksum (CRC-32 of what stands before it) tells a
//! typing error from an unknown token without a read. Only the SHA-256 is ever stored.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;

pub(crate) const PREFIX: &str = "pkgs_";
const RANDOM_CHARACTERS: usize = 40;
const CHECKSUM_CHARACTERS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret of the local server's token. It is public, and opens nothing but a stack that
/// listens on loopback; nothing accepts it unless its record has been made there.
pub const DEVELOPMENT_TOKEN: &str = "pkgs_LocalDevelopmentTokenOfNoUseElsewhere0000U29sM";

/// A token's secret, well-formed. Shown once, never logged: it has no `Debug` of its content.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret from the system's random source.
    ///
    /// # Errors
    /// Where the system has no random source to offer.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut text = PREFIX.to_owned();
        while text.len() < PREFIX.len() + RANDOM_CHARACTERS {
            let mut bytes = [0; 64];
            getrandom::fill(&mut bytes)?;
            // 248 is the largest multiple of 62 in a byte: what lies above would favour the first.
            let fair = bytes.iter().filter(|&&byte| byte < 248);
            let wanted = PREFIX.len() + RANDOM_CHARACTERS - text.len();
            text.extend(fair.take(wanted).map(|&byte| base62_digit(u32::from(byte))));
        }
        let checksum = checksum(&text);
        Ok(Self(text + &checksum))
    }

    /// The secret itself, to be shown to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the secret, which is all that is stored of it.
    #[must_use]
    pub fn hash(&self) -> Digest<32> {
        Digest::sha256(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reason for which a text is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidSecret {
    /// It does not look like one of this registry's tokens at all.
    Form,
    /// It looks like one, but its checksum does not hold: a character is wrong or missing.
    Checksum,
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let body = text.strip_prefix(PREFIX).ok_or(InvalidSecret::Form)?;
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(InvalidSecret::Form);
        }
        if body.len() != RANDOM_CHARACTERS + CHECKSUM_CHARACTERS {
            return Err(InvalidSecret::Checksum);
        }
        let (front, sum) = text.split_at(PREFIX.len() + RANDOM_CHARACTERS);
        if checksum(front) == sum {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidSecret::Checksum)
        }
    }
}

fn checksum(front: &str) -> String {
    let mut rest = crc32fast::hash(front.as_bytes());
    let mut digits = ['0'; CHECKSUM_CHARACTERS];
    for digit in digits.iter_mut().rev() {
        *digit = base62_digit(rest);
        rest /= 62;
    }
    digits.iter().collect()
}

/// The digit for `value` modulo 62.
fn base62_digit(value: u32) -> char {
    char::from(BASE62[(value % 62) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_secrets_parse_and_differ() {
        let (a, b) = (Secret::generate().unwrap(), Secret::generate().unwrap());
        assert_eq!(a.expose().len(), 51);
        assert_eq!(a.expose().parse(), Ok(a.clone()));
        assert_ne!(a, b);
        assert_eq!(format!("{a:?}"), "Secret(…)");
    }

    #[test]
    fn typing_errors_differ_from_foreign_texts() {
        let good = DEVELOPMENT_TOKEN;
        assert!(good.parse::<Secret>().is_ok(), "{}", checksum(&good[..45]));
        let mut typo = good.to_owned();
        typo.replace_range(10..11, "Z");
        assert_eq!(typo.parse::<Secret>(), Err(InvalidSecret::Checksum));
        assert_eq!(good[..50].parse::<Secret>(), Err(InvalidSecret::Checksum));
        assert_eq!("bkua_0123".parse::<Secret>(), Err(InvalidSecret::Form));
        assert_eq!("pkgs_ü".parse::<Secret>(), Err(InvalidSecret::Form));
    }
}
