//! Disposition of a part, which names the part and its file: RFC 6266, and RFC 8187 for `filename*`.

use lambda_http::http::header::CONTENT_DISPOSITION;
use multer::Field;
use percent_encoding::percent_decode_str;

use crate::error::Result;
use crate::filename::{unusable, usable_filename};

/// Parameters of a part's `Content-Disposition` that are used here.
pub(super) struct Disposition {
    pub(super) name: Option<Vec<u8>>,
    filename: Option<Vec<u8>>,
    extended_filename: Option<Vec<u8>>,
}

impl Disposition {
    pub(super) fn of(part: &Field<'_>) -> Self {
        let header = part.headers().get(CONTENT_DISPOSITION);
        let header = header.map_or(&b""[..], |value| value.as_bytes());
        Self {
            name: parameter(header, "name"),
            filename: parameter(header, "filename"),
            extended_filename: parameter(header, "filename*"),
        }
    }

    /// The file name's last segment: clients send whole paths, of either kind.
    pub(super) fn filename(self) -> Result<String> {
        let extended = self.extended_filename.as_deref().and_then(decode_extended);
        let plain = || {
            self.filename
                .map(|bytes| String::from_utf8(bytes).map(|name| decode_form_escapes(&name)))
        };
        let name = match extended {
            Some(name) => name,
            None => plain()
                .ok_or_else(|| unusable("file", "is missing: `file` came as a field, not as a file"))?
                .map_err(|_| unusable("file", "is not UTF-8"))?,
        };
        usable_filename(&name, "file").map(str::to_owned)
    }
}

/// RFC 8187, 3.2: a character set, a language and percent-encoded bytes. Beside UTF-8, older clients
/// send ISO-8859-1 (RFC 5987, 3.2), whose bytes are the first 256 characters of Unicode.
fn decode_extended(value: &[u8]) -> Option<String> {
    let (charset, rest) = std::str::from_utf8(value).ok()?.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    let bytes = percent_decode_str(encoded);
    if charset.eq_ignore_ascii_case("utf-8") {
        bytes.decode_utf8().ok().map(Into::into)
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.map(char::from).collect())
    } else {
        None
    }
}

/// Decodes the escapes that the HTML standard makes in a form's names, and nothing else: other percent
/// signs are part of the name.
fn decode_form_escapes(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

/// The value of a header's parameter. Quoted ones may hold `;`; in them a backslash escapes a quote
/// or a backslash, and is itself before anything else (Windows paths are sent as they are).
pub(super) fn parameter(header: &[u8], wanted: &str) -> Option<Vec<u8>> {
    let mut rest = header;
    loop {
        let end = rest
            .iter()
            .position(|byte| matches!(byte, b';' | b'='))
            .unwrap_or(rest.len());
        let name = rest[..end].trim_ascii();
        let Some(b'=') = rest.get(end) else {
            rest = rest.get(end + 1..)?;
            continue;
        };
        let (value, after) = parameter_value(rest[end + 1..].trim_ascii_start());
        if name.eq_ignore_ascii_case(wanted.as_bytes()) {
            return Some(value);
        }
        rest = after;
    }
}

/// One value, and what follows the `;` behind it.
fn parameter_value(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let after = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let next = rest.iter().position(|byte| *byte == b';');
        next.map_or(&b""[..], |next| &rest[next + 1..])
    };
    if text.first() != Some(&b'"') {
        let end = text.iter().position(|byte| *byte == b';').unwrap_or(text.len());
        return (text[..end].trim_ascii().to_vec(), after(end));
    }
    let mut value = Vec::new();
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'"', _) => break,
            (b'\\', Some(escaped @ (b'"' | b'\\'))) => {
                value.push(*escaped);
                at += 1;
            }
            (byte, _) => value.push(*byte),
        }
        at += 1;
    }
    (value, after(at + 1))
}
