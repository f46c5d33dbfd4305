//! Cursors: a place in a registry's list, opaque to clients and bound to its registry.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::Registry;

/// The package beside which a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    registry: String,
    id: PackageId,
}

impl Cursor {
    pub(super) fn new(registry: &Registry, id: PackageId) -> Self {
        Self {
            registry: registry.id.to_string(),
            id,
        }
    }

    /// The package that the cursor `text` names, if it is one of this registry's.
    ///
    /// # Errors
    /// A 422 for `parameter` where it is broken or another registry's.
    pub(super) fn read(text: &str, registry: &Registry, parameter: &'static str) -> Result<PackageId> {
        let broken = || {
            let message = format!(
                "`{parameter}` is not a cursor of this registry's list. Take it from the links of a page, as it is."
            );
            Error::invalid(parameter, "invalid_cursor", message)
        };
        // The id stands last: whatever else the text holds must then be as it would be written.
        let decoded = BASE64
            .decode(text)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let id = decoded
            .as_deref()
            .and_then(|decoded| decoded.rsplit('/').next()?.parse().ok());
        let cursor = Self::new(registry, id.ok_or_else(broken)?);
        if cursor.to_string() == text {
            Ok(cursor.id)
        } else {
            Err(broken())
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registry, id } = self;
        let sum = crc32fast::hash(format!("{registry}/{id}").as_bytes());
        f.write_str(&BASE64.encode(format!("{sum:08x}/{registry}/{id}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ecosystem::Ecosystem;
    use uuid::Uuid;

    fn registry() -> Registry {
        let id = Uuid::now_v7();
        Registry::plain(id, Uuid::now_v7(), "o/r".parse().unwrap(), Ecosystem::Ruby)
    }

    #[test]
    fn a_cursor_works_in_its_own_registry_only() {
        let (registry, id) = (registry(), PackageId::mint());
        let text = Cursor::new(&registry, id).to_string();
        assert_eq!(Cursor::read(&text, &registry, "after").unwrap(), id);
        assert!(Cursor::read(&text, &self::registry(), "after").is_err());
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(Cursor::read(&altered, &registry, "after").is_err(), "{altered}");
        }
        for broken in ["", "%", &text[1..], &format!("{text}=")] {
            assert!(Cursor::read(broken, &registry, "after").is_err(), "{broken}");
        }
    }
}
