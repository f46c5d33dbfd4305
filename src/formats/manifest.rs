//! The result of reading a package, and the bounds that hold for every format.

use std::fmt;
use std::io;

use serde::Serialize;

use crate::error::Error;

/// Bytes of a name.
pub const MAX_NAME_BYTES: usize = 255;
/// Bytes of a version.
pub const MAX_VERSION_BYTES: usize = 128;
/// Bytes of a variant: a wheel for many platforms names them all.
pub const MAX_VARIANT_BYTES: usize = 255;
/// Bytes of normalised name, version and variant together when percent-encoded, as in a URL: a release
/// is claimed by one key of the table, which has at most 1,024 bytes.
pub const MAX_RELEASE_BYTES: usize = 1000;

/// Bytes of metadata that are read of one package, decompressed.
pub(super) const MAX_METADATA_BYTES: u64 = 16 * 1024 * 1024;

/// The identity and the facts of a package, read from its file.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq))]
pub struct Manifest {
    /// The name as the file spells it, for people to see.
    pub name: String,
    /// The name in the one spelling of all names that the ecosystem considers equal. Releases are claimed
    /// by it.
    pub normalized_name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The version in the one spelling of all versions that the ecosystem considers equal.
    pub normalized_version: String,
    /// Architecture, platform or distribution, where the ecosystem has such a thing.
    pub variant: Option<String>,
    /// The facts that the ecosystem's native index needs, so that no file is ever read twice.
    pub metadata: RawMetadata,
}

/// Facts that an index needs, as JSON text, written from the `Facts` of the format.
#[derive(Debug, Clone, Default)]
pub struct RawMetadata(String);

impl RawMetadata {
    /// The largest size, in bytes as an answer carries them: 1 MiB less than Lambda takes back from a
    /// function.
    pub const MAX_BYTES: usize = 5 * 1024 * 1024;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<RawMetadata> for String {
    fn from(metadata: RawMetadata) -> Self {
        metadata.0
    }
}

/// The reason why a file is not a package of its ecosystem: the field at fault, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The part of the file that is wrong, as its format calls it (`metadata.gz`, `version`).
    pub field: &'static str,
    /// A whole sentence: the finding, the expectation, the next step.
    pub message: String,
}

impl Rejection {
    pub(super) fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self {
            field,
            message: message.into(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::invalid(rejection.field, "invalid_package", rejection.message)
    }
}

impl Manifest {
    /// The bounds that hold for every format.
    pub(super) fn within_bounds(self) -> Result<Self, Rejection> {
        bounded_text("name", &self.name, MAX_NAME_BYTES)?;
        bounded_text("name", &self.normalized_name, MAX_NAME_BYTES)?;
        bounded_text("version", &self.version, MAX_VERSION_BYTES)?;
        bounded_text("version", &self.normalized_version, MAX_VERSION_BYTES)?;
        let variant = self.variant.as_deref();
        if let Some(variant) = variant {
            bounded_text("variant", variant, MAX_VARIANT_BYTES)?;
        }
        let release = [
            &self.normalized_name,
            &self.normalized_version,
            variant.unwrap_or(""),
        ];
        if release.into_iter().map(percent_encoded_length).sum::<usize>() > MAX_RELEASE_BYTES {
            let message = "Name, version and variant are too long together; shorten the name.";
            return Err(Rejection::new("name", message));
        }
        Ok(self)
    }
}

/// Refuses a name, version or variant that is empty, longer than `limit` bytes, or not printable.
fn bounded_text(field: &'static str, text: &str, limit: usize) -> Result<(), Rejection> {
    let what = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > limit {
        format!("is longer than {limit} bytes")
    } else if text.chars().any(char::is_control) {
        "holds control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(Rejection::new(
        field,
        format!("The package's {field} {what}; change it and build the package again."),
    ))
}

/// The unreserved characters of RFC 3986 stand for themselves, every other byte takes three.
fn percent_encoded_length(text: &str) -> usize {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { 1 } else { 3 })
        .sum()
}

/// Writes the facts of a package as JSON text.
pub(super) fn metadata(facts: &impl Serialize) -> Result<RawMetadata, Rejection> {
    let mut bounded = Bounded::default();
    let written = serde_json::to_writer(&mut bounded, facts).ok();
    let text = written.and_then(|()| String::from_utf8(bounded.text).ok());
    text.map(RawMetadata).ok_or_else(|| {
        let message = format!(
            "The package's metadata takes more than the {} bytes that an answer can carry of it; shorten \
             its longest texts, most likely the description, and build it again.",
            RawMetadata::MAX_BYTES
        );
        Rejection::new("file", message)
    })
}

/// JSON text up to [`RawMetadata::MAX_BYTES`]; what is larger is never held.
#[derive(Default)]
struct Bounded {
    text: Vec<u8>,
    /// Its size in an answer, which Lambda carries as a JSON string: there every quote and
    /// every backslash is escaped once more.
    carried: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let escaped = bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        self.carried += bytes.len() + escaped;
        if self.carried > RawMetadata::MAX_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod fixtures {
    //! Comparisons of metadata for tests, in whatever order its fields stand.

    use serde_json::Value;

    use super::RawMetadata;

    impl RawMetadata {
        pub(crate) fn value(&self) -> Value {
            serde_json::from_str(&self.0).expect("JSON")
        }
    }

    impl PartialEq for RawMetadata {
        fn eq(&self, other: &Self) -> bool {
            self.value() == other.value()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(name: &str, version: &str, variant: &str) -> Result<(), String> {
        let manifest = Manifest {
            name: name.to_owned(),
            normalized_name: name.to_owned(),
            version: version.to_owned(),
            normalized_version: version.to_owned(),
            variant: Some(variant.to_owned()),
            metadata: metadata(&()).unwrap(),
        };
        let rejected = |rejection: Rejection| rejection.message;
        manifest.within_bounds().map(drop).map_err(rejected)
    }

    #[test]
    fn names_are_bounded_one_by_one_and_together() {
        let longest = [
            "n".repeat(MAX_NAME_BYTES),
            "1".repeat(MAX_VERSION_BYTES),
            "v".repeat(MAX_VARIANT_BYTES),
        ];
        let [name, version, variant] = longest.each_ref().map(String::as_str);
        assert_eq!(checked(name, version, variant), Ok(()));
        for (name, version, variant, expected) in [
            ("", "1", "v", "The package's name is empty"),
            (
                &format!("{name}n"),
                "1",
                "v",
                "The package's name is longer than 255 bytes",
            ),
            (
                "n",
                &format!("{version}1"),
                "v",
                "The package's version is longer than 128 bytes",
            ),
            (
                "n",
                "1",
                &format!("{variant}v"),
                "The package's variant is longer than 255 bytes",
            ),
            (
                "n",
                "1",
                "a\u{7}b",
                "The package's variant holds control characters",
            ),
        ] {
            let message = format!("{expected}; change it and build the package again.");
            assert_eq!(checked(name, version, variant), Err(message));
        }
        assert_eq!(
            checked(&"ü".repeat(127), version, &"名".repeat(42)),
            Err("Name, version and variant are too long together; shorten the name.".to_owned())
        );
    }
}
