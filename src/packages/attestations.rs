//! Attestations of a package: signed statements of how its file was made, kept beside it as they were sent.
//!
//! A bundle is JSON lines. Each line is a DSSE envelope, or a Sigstore bundle with one in it, whose payload is an
//! in-toto statement about the file. What is checked is that it speaks of this file; **no signature is verified**.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Context, just_deleted};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Bytes of a bundle.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Statements of a bundle.
const MAX_STATEMENTS: usize = 32;
/// Type of a payload that is an in-toto statement.
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Both alphabets of DSSE's base64, with padding or without.
const STANDARD: GeneralPurpose = lenient(&alphabet::STANDARD);
const URL_SAFE: GeneralPurpose = lenient(&alphabet::URL_SAFE);

const fn lenient(alphabet: &alphabet::Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// A bundle as it was sent, of statements about whichever file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationBundle {
    text: String,
    /// The SHA-256 of each statement's subjects.
    subjects: Vec<Vec<String>>,
}

/// The attestations of one file: a bundle whose statements are all about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestations(String);

/// A line of a bundle: an envelope, or a Sigstore bundle around one.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "dsseEnvelope")]
    wrapped: Option<Envelope>,
    #[serde(rename = "payloadType")]
    payload_type: Option<String>,
    payload: Option<String>,
    signatures: Option<Vec<IgnoredAny>>,
}

/// A DSSE envelope.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<IgnoredAny>,
}

impl Line {
    fn envelope(self) -> Option<Envelope> {
        let bare = self.payload_type.zip(self.payload).zip(self.signatures);
        let bare = bare.map(|((payload_type, payload), signatures)| Envelope {
            payload_type,
            payload,
            signatures,
        });
        self.wrapped.or(bare)
    }
}

/// An in-toto statement, of any version.
#[derive(Deserialize)]
struct Statement {
    subject: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    digest: SubjectDigest,
}

/// Digests of a subject by the names of their algorithms, of which one is compared.
#[derive(Deserialize)]
struct SubjectDigest {
    sha256: Option<String>,
}

impl AttestationBundle {
    /// Reads a bundle.
    ///
    /// # Errors
    /// A 422 where it is too large, or one of its lines is not an attestation.
    pub fn read(bytes: Bytes) -> Result<Self> {
        if bytes.len() > MAX_BYTES {
            return Err(invalid(
                "too_large",
                format!(
                    "The attestation_bundle has {} bytes; at most {MAX_BYTES} are possible.",
                    bytes.len()
                ),
            ));
        }
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            invalid(
                "invalid",
                "The attestation_bundle is not UTF-8. Send JSON lines: one attestation on each line.",
            )
        })?;
        let lines = (1..)
            .zip(text.lines())
            .filter(|(_, line)| !line.trim().is_empty());
        let mut subjects = Vec::new();
        for (number, line) in lines {
            if subjects.len() == MAX_STATEMENTS {
                let message = format!(
                    "The attestation_bundle has more than {MAX_STATEMENTS} attestations. Send fewer."
                );
                return Err(invalid("too_many", message));
            }
            let of_line = |reason| {
                let message = format!("Line {number} of the attestation_bundle {reason}");
                invalid("invalid", message)
            };
            subjects.push(subjects_of(line).map_err(of_line)?);
        }
        if subjects.is_empty() {
            return Err(invalid(
                "empty",
                "The attestation_bundle is empty. Send one attestation on each line, or no such part.",
            ));
        }
        Ok(Self { text, subjects })
    }

    /// The attestations of the file of this digest, if each statement is about it.
    ///
    /// # Errors
    /// A 422 where one is not.
    pub(super) fn about(self, sha256: Digest<32>) -> Result<Attestations> {
        let own = sha256.to_string();
        let is_about =
            |subjects: &Vec<String>| subjects.iter().any(|digest| digest.eq_ignore_ascii_case(&own));
        match self.subjects.iter().position(|subjects| !is_about(subjects)) {
            None => Ok(Attestations(self.text)),
            Some(index) => Err(invalid(
                "other_subject",
                format!(
                    "Attestation {} of the attestation_bundle is about another file: none of its subjects has the \
                     SHA-256 {own}. Attest the file that is published.",
                    index + 1
                ),
            )),
        }
    }
}

impl From<Attestations> for String {
    fn from(attestations: Attestations) -> Self {
        attestations.0
    }
}

impl Attestations {
    /// Reads the attestations of a package; `None` where it has none. One round trip where it has some.
    pub(crate) async fn read(
        context: &Context,
        registry: &Registry,
        package: &Package,
    ) -> Result<Option<Self>> {
        if !package.has_attestations {
            return Ok(None);
        }
        let key = ObjectKey::of(Kind::Attestations, &registry.address, package.id);
        if let Some(bytes) = context.files.read(&key, MAX_BYTES as u64).await? {
            let text = String::from_utf8(bytes.into());
            let text = text.map_err(|error| Error::Internal(format!("attestations: {error}")))?;
            return Ok(Some(Self(text)));
        }
        // Deleted meanwhile, records first; or the bucket refuses it, which S3 does not tell apart.
        Err(match context.records.package(registry, package.id).await? {
            None => just_deleted(),
            Some(_) => Error::Internal(format!("the attestations of {} cannot be read", package.id)),
        })
    }

    /// Puts them beside the file of a package.
    pub(super) async fn put(&self, context: &Context, registry: &Registry, id: PackageId) -> Result<()> {
        let bytes = Bytes::from(self.0.clone());
        let digest = Digest::sha256(&bytes);
        let key = ObjectKey::of(Kind::Attestations, &registry.address, id);
        context.files.put(&key, bytes, digest).await
    }
}

/// The SHA-256 of the subjects of one line's statement, or what the line is not.
fn subjects_of(line: &str) -> Result<Vec<String>, &'static str> {
    let line: Line = serde_json::from_str(line)
        .map_err(|_| "is not a JSON object. Send JSON lines: one attestation on each line.")?;
    let envelope = line.envelope().ok_or(
        "is not an attestation. Expected a DSSE envelope (`payloadType`, `payload`, `signatures`), or a Sigstore \
         bundle with a `dsseEnvelope`.",
    )?;
    if envelope.signatures.is_empty() {
        return Err("is not signed: its `signatures` are empty. Sign it.");
    }
    if envelope.payload_type != IN_TOTO {
        return Err("is not about a file. Expected the `payloadType` application/vnd.in-toto+json.");
    }
    let payload = STANDARD.decode(&envelope.payload);
    let payload = payload.or_else(|_| URL_SAFE.decode(&envelope.payload));
    let payload =
        payload.map_err(|_| "has a `payload` that is not base64. Encode the statement in base64.")?;
    let statement: Statement = serde_json::from_slice(&payload).map_err(
        |_| "has a `payload` that is not an in-toto statement. Expected a `subject` with a `digest` for each file.",
    )?;
    let subjects = statement.subject.into_iter();
    Ok(subjects.filter_map(|subject| subject.digest.sha256).collect())
}

fn invalid(code: &'static str, message: impl Into<String>) -> Error {
    Error::invalid("attestation_bundle", code, message)
}

#[cfg(test)]
mod tests;
