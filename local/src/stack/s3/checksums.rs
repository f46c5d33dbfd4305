//! S3's additional checksums: in base64, of whichever algorithms a request names.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::Checksum as _;
use s3s::dto::{Checksum, ChecksumAlgorithm};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

/// Checksums of some bytes, as they are stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Checksums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

/// The checksums that a request's input carries, or the headers after a streamed body.
macro_rules! sent {
    ($input:expr) => {
        $crate::stack::s3::checksums::Checksums {
            crc32: $input.checksum_crc32.clone(),
            crc32c: $input.checksum_crc32c.clone(),
            crc64nvme: $input.checksum_crc64nvme.clone(),
            sha1: $input.checksum_sha1.clone(),
            sha256: $input.checksum_sha256.clone(),
        }
    };
}

/// An output with these checksums in its fields.
macro_rules! answered {
    ($checksums:expr, $output:expr) => {{
        let checksums = $checksums;
        let mut output = $output;
        output.checksum_crc32 = checksums.crc32;
        output.checksum_crc32c = checksums.crc32c;
        output.checksum_crc64nvme = checksums.crc64nvme;
        output.checksum_sha1 = checksums.sha1;
        output.checksum_sha256 = checksums.sha256;
        output
    }};
}

pub(super) use {answered, sent};

impl Checksums {
    /// A hasher of every algorithm that this names, and of `algorithm`.
    pub(super) fn hasher(&self, algorithm: Option<&ChecksumAlgorithm>) -> S3Result<ChecksumHasher> {
        let mut hasher = match algorithm {
            Some(algorithm) => hasher(algorithm)?,
            None => ChecksumHasher::default(),
        };
        if self.crc32.is_some() {
            hasher.crc32.get_or_insert_default();
        }
        if self.crc32c.is_some() {
            hasher.crc32c.get_or_insert_default();
        }
        if self.crc64nvme.is_some() {
            hasher.crc64nvme.get_or_insert_default();
        }
        if self.sha1.is_some() {
            hasher.sha1.get_or_insert_default();
        }
        if self.sha256.is_some() {
            hasher.sha256.get_or_insert_default();
        }
        Ok(hasher)
    }

    /// Adds what came after the body.
    pub(super) fn with_trailers(mut self, trailers: &http::HeaderMap) -> Self {
        let sent = |name| {
            trailers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        self.crc32 = self.crc32.or_else(|| sent("x-amz-checksum-crc32"));
        self.crc32c = self.crc32c.or_else(|| sent("x-amz-checksum-crc32c"));
        self.crc64nvme = self.crc64nvme.or_else(|| sent("x-amz-checksum-crc64nvme"));
        self.sha1 = self.sha1.or_else(|| sent("x-amz-checksum-sha1"));
        self.sha256 = self.sha256.or_else(|| sent("x-amz-checksum-sha256"));
        self
    }

    /// Refuses what was computed where it is not what was sent.
    pub(super) fn verify(&self, computed: &Self) -> S3Result<()> {
        let wrong = |sent: &Option<String>, computed: &Option<String>| sent.is_some() && sent != computed;
        if wrong(&self.crc32, &computed.crc32)
            || wrong(&self.crc32c, &computed.crc32c)
            || wrong(&self.crc64nvme, &computed.crc64nvme)
            || wrong(&self.sha1, &computed.sha1)
            || wrong(&self.sha256, &computed.sha256)
        {
            return Err(s3_error!(
                BadDigest,
                "The checksum that you specified did not match the calculated checksum."
            ));
        }
        Ok(())
    }

    /// Whether the checksum of `algorithm` is among them, of the bytes themselves.
    pub(super) fn has(&self, algorithm: &ChecksumAlgorithm) -> bool {
        self.get(algorithm).is_some_and(|sum| !is_composite(sum))
    }

    /// The algorithm whose checksum is one of parts, if there is one.
    pub(super) fn composite_algorithm(&self) -> Option<ChecksumAlgorithm> {
        let algorithms = [
            ChecksumAlgorithm::CRC32,
            ChecksumAlgorithm::CRC32C,
            ChecksumAlgorithm::SHA1,
            ChecksumAlgorithm::SHA256,
        ];
        let algorithms = algorithms.map(ChecksumAlgorithm::from_static);
        let mut composite = algorithms.into_iter();
        composite.find(|algorithm| self.get(algorithm).is_some_and(is_composite))
    }

    fn get(&self, algorithm: &ChecksumAlgorithm) -> Option<&str> {
        match algorithm.as_str() {
            ChecksumAlgorithm::CRC32 => self.crc32.as_deref(),
            ChecksumAlgorithm::CRC32C => self.crc32c.as_deref(),
            ChecksumAlgorithm::CRC64NVME => self.crc64nvme.as_deref(),
            ChecksumAlgorithm::SHA1 => self.sha1.as_deref(),
            ChecksumAlgorithm::SHA256 => self.sha256.as_deref(),
            _ => None,
        }
    }

    /// The checksum of checksums of an object that was put together from parts: `…-2`.
    pub(super) fn composite<'a>(
        algorithm: &ChecksumAlgorithm,
        parts: impl IntoIterator<Item = &'a Self>,
    ) -> S3Result<Self> {
        let mut hasher = hasher(algorithm)?;
        let mut count = 0;
        for part in parts {
            let sum = part.get(algorithm).and_then(|sum| BASE64.decode(sum).ok());
            hasher.update(&sum.ok_or_else(|| {
                s3_error!(InvalidPart, "A part has no checksum of the upload's algorithm.")
            })?);
            count += 1;
        }
        let mut whole = Self::from(hasher.finalize());
        for sum in [
            &mut whole.crc32,
            &mut whole.crc32c,
            &mut whole.crc64nvme,
            &mut whole.sha1,
            &mut whole.sha256,
        ] {
            *sum = sum.take().map(|sum| format!("{sum}-{count}"));
        }
        Ok(whole)
    }
}

/// Whether a checksum is one of parts: it ends in their number, and base64 has no hyphen.
fn is_composite(sum: &str) -> bool {
    sum.contains('-')
}

fn hasher(algorithm: &ChecksumAlgorithm) -> S3Result<ChecksumHasher> {
    let mut hasher = ChecksumHasher::default();
    match algorithm.as_str() {
        ChecksumAlgorithm::CRC32 => hasher.crc32 = Some(s3s::crypto::Crc32::new()),
        ChecksumAlgorithm::CRC32C => hasher.crc32c = Some(s3s::crypto::Crc32c::new()),
        ChecksumAlgorithm::CRC64NVME => hasher.crc64nvme = Some(s3s::crypto::Crc64Nvme::new()),
        ChecksumAlgorithm::SHA1 => hasher.sha1 = Some(s3s::crypto::Sha1::new()),
        ChecksumAlgorithm::SHA256 => hasher.sha256 = Some(s3s::crypto::Sha256::new()),
        _ => {
            return Err(s3_error!(
                NotImplemented,
                "This checksum algorithm is not known here."
            ));
        }
    }
    Ok(hasher)
}

impl From<Checksum> for Checksums {
    fn from(computed: Checksum) -> Self {
        sent!(computed)
    }
}
