//! Digests of a package file.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256, Sha512};

/// A digest of `N` bytes: lower-case hexadecimal wherever it is shown or stored.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest<const N: usize>([u8; N]);

impl Digest<16> {
    /// The MD5 of `bytes`, by which package managers tell texts apart. It proves nothing against an attacker.
    #[must_use]
    pub fn md5(bytes: &[u8]) -> Self {
        Self(Md5::digest(bytes).into())
    }
}

impl Digest<32> {
    /// The SHA-256 of `bytes`.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl Digest<64> {
    /// The SHA-512 of `bytes`.
    #[must_use]
    pub fn sha512(bytes: &[u8]) -> Self {
        Self(Sha512::digest(bytes).into())
    }
}

impl<const N: usize> Digest<N> {
    /// The digest that this is the base64 of, if it is one.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        BASE64.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The digest in base64, as S3 writes its checksums.
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(self.0)
    }
}

impl<const N: usize> fmt::Display for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl<const N: usize> fmt::Debug for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not twice as many hexadecimal digits as the digest has bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDigest;

impl fmt::Display for InvalidDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a digest in hexadecimal")
    }
}

impl<const N: usize> FromStr for Digest<N> {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidDigest)?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> TryFrom<String> for Digest<N> {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl<const N: usize> Serialize for Digest<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

/// The digests of one file, taken over all of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Digest<32>,
    /// SHA-512; `None` for a file so large that S3 alone read all of it.
    pub sha512: Option<Digest<64>>,
}

/// Both digests of what comes piece by piece, in one pass.
#[derive(Debug, Default)]
pub(crate) struct Hasher {
    sha256: Sha256,
    sha512: Sha512,
}

impl Hasher {
    /// Takes the next bytes, by blocks that stay in the processor's caches.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for block in bytes.chunks(16 * 1024) {
            self.sha256.update(block);
            self.sha512.update(block);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            sha256: Digest(self.sha256.finalize().into()),
            sha512: Some(Digest(self.sha512.finalize().into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        let mut hasher = Hasher::default();
        hasher.update(b"a");
        hasher.update(b"bc");
        let digests = hasher.finish();
        assert_eq!(
            digests.sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digests.sha256, Digest::sha256(b"abc"));
        assert_eq!(
            Digest::md5(b"abc").to_string(),
            "900150983cd24fb0d6963f7d28e17f72"
        );
        assert_eq!(digests.sha512, Some(Digest::sha512(b"abc")));
        assert_eq!(
            digests.sha256.to_base64(),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
        assert!(
            digests
                .sha512
                .unwrap()
                .to_string()
                .starts_with("ddaf35a193617abacc417349ae204131")
        );
    }

    #[test]
    fn digests_are_read_from_hexadecimal_only() {
        let digest = Digest::sha256(b"abc");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for bad in ["", "00", &"g".repeat(64), &"ü".repeat(32), &"+0".repeat(32)] {
            assert_eq!(bad.parse::<Digest<32>>(), Err(InvalidDigest), "{bad}");
        }
    }
}
