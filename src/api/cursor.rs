//! Cursors: a place in a list, opaque to clients and bound to the list's registry or organization.

use std::fmt::{self, Display};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use uuid::Uuid;

use crate::error::{Error, Result};

/// The item beside which a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor<Id> {
    /// Id of what the list belongs to.
    scope: Uuid,
    id: Id,
}

impl<Id: FromStr + Display> Cursor<Id> {
    pub(crate) fn new(scope: Uuid, id: Id) -> Self {
        Self { scope, id }
    }

    /// The item that the cursor `text` names, if it is one of this list's.
    ///
    /// # Errors
    /// A 422 for `parameter` where it is broken or another list's.
    pub(crate) fn read(text: &str, scope: Uuid, parameter: &'static str) -> Result<Id> {
        let broken = || {
            let message = format!(
                "`{parameter}` is not a cursor of this list. Take it from the links of a page, as it is."
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
        let cursor = Self::new(scope, id.ok_or_else(broken)?);
        if cursor.to_string() == text {
            Ok(cursor.id)
        } else {
            Err(broken())
        }
    }
}

impl<Id: Display> Display for Cursor<Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, id } = self;
        let sum = crc32fast::hash(format!("{scope}/{id}").as_bytes());
        f.write_str(&BASE64.encode(format!("{sum:08x}/{scope}/{id}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PackageId;

    #[test]
    fn a_cursor_works_in_its_own_list_only() {
        let (registry, id) = (Uuid::now_v7(), PackageId::mint());
        let text = Cursor::new(registry, id).to_string();
        let read = |text: &str, scope| Cursor::<PackageId>::read(text, scope, "after");
        assert_eq!(read(&text, registry).unwrap(), id);
        assert!(read(&text, Uuid::now_v7()).is_err());
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(read(&altered, registry).is_err(), "{altered}");
        }
        for broken in ["", "%", &text[1..], &format!("{text}=")] {
            assert!(read(broken, registry).is_err(), "{broken}");
        }
    }
}
