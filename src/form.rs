//! A multipart body → its fields, bounded.
//!
//! Shapes: RFC 7578, RFC 2046 (5.1), RFC 6266 for `filename*`. Clients take liberties: curl with a
//! `Content-Type` of its own sends `application/json; boundary=…` and parts that are `attachment`,
//! so neither the media type nor the disposition's type decides anything here.

use bytes::Bytes;
use futures_util::stream;
use lambda_http::Body;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use multer::{Field, Multipart};
use percent_encoding::percent_decode_str;

use crate::error::{Error, MAX_BODY_BYTES, Result};

/// RFC 2046: a boundary is 1 to 70 characters.
const MAX_BOUNDARY_BYTES: usize = 70;
/// Parts of one form; those that nobody asked for are ignored, but not without end.
const MAX_PARTS: usize = 100;
/// What common file systems take.
const MAX_FILENAME_BYTES: usize = 255;

/// A file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The last segment of the name that the client gave.
    pub(crate) filename: String,
    /// All of its bytes; at least one.
    pub(crate) bytes: Bytes,
}

/// What a publish form brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// The package itself.
    File(File),
    /// The address of a file that was uploaded before.
    PackageUrl(String),
}

/// Reads a publish form: either one `file` or one `package_url`.
///
/// # Errors
/// 400 where the body is no form, 413 where it is too large, 422 where it has not exactly one
/// usable `file` or `package_url`.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Form> {
    let body = bytes(body)?;
    if body.len() > MAX_BODY_BYTES {
        return Err(Error::TooLarge);
    }
    let boundary = boundary(headers)?;
    let mut form = Multipart::new(stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
    let (mut file, mut package_url) = (None, None);
    let mut parts = 0;
    while let Some(mut part) = form.next_field().await.map_err(malformed)? {
        parts += 1;
        if parts > MAX_PARTS {
            return Err(Error::BadRequest(format!(
                "The form has more than {MAX_PARTS} parts. Send the package as `file`, and little else."
            )));
        }
        let disposition = Disposition::of(&part);
        let content = content(&mut part).await?;
        match disposition.name.as_deref() {
            Some(b"file") => only(&mut file, "file", (disposition, content))?,
            Some(b"package_url") => only(&mut package_url, "package_url", content)?,
            _ => {}
        }
    }
    match (file, package_url) {
        (Some((disposition, bytes)), None) => whole_file(disposition, bytes).map(Form::File),
        (None, Some(url)) => String::from_utf8(url.into())
            .map(Form::PackageUrl)
            .map_err(|_| Error::invalid("package_url", "invalid", "The package_url is not UTF-8. Send form.url joined with data.key, as the upload answered them.")),
        (Some(_), Some(_)) => Err(Error::invalid(
            "package_url",
            "ambiguous",
            "The form has both `file` and `package_url`. Send one of them.",
        )),
        (None, None) => Err(Error::invalid(
            "file",
            "missing",
            "The form has no part named `file`. Send the package as `file`, for example with \
             `curl -F 'file=@banana-1.0.0.gem'`, or the address of an upload as `package_url`.",
        )),
    }
}

/// Keeps the first part of a name; a second one is a mistake.
fn only<T>(place: &mut Option<T>, name: &'static str, part: T) -> Result<()> {
    match place.replace(part) {
        None => Ok(()),
        Some(_) => Err(Error::invalid(
            name,
            "duplicate",
            format!("The form has two parts named `{name}`. Publish one file a call."),
        )),
    }
}

fn whole_file(disposition: Disposition, bytes: Bytes) -> Result<File> {
    let filename = disposition.filename()?;
    if bytes.is_empty() {
        return Err(Error::invalid(
            "file",
            "empty",
            format!("The file `{filename}` is empty. Build the package again, and send that."),
        ));
    }
    Ok(File { filename, bytes })
}

/// The body's bytes. A body that came as text and holds U+FFFD was binary once.
fn bytes(body: Body) -> Result<Bytes> {
    match body {
        Body::Binary(bytes) => Ok(bytes.into()),
        Body::Text(text) if text.contains('\u{FFFD}') => Err(Error::BadRequest(
            "The front door turned the binary body into text and destroyed it. Publish with \
             `Content-Type: multipart/form-data`, or use a REST API with the binary media type `*/*`, \
             as this project's template does."
                .to_owned(),
        )),
        Body::Text(text) => Ok(text.into()),
        _ => Ok(Bytes::new()),
    }
}

/// The boundary parameter of whatever media type carries it.
fn boundary(headers: &HeaderMap) -> Result<String> {
    let header = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    let boundary = parameter(header, "boundary")
        .and_then(|value| String::from_utf8(value).ok())
        .filter(|value| value.is_ascii())
        .ok_or_else(|| {
            Error::BadRequest(
                "The Content-Type header names no boundary, so the body cannot be read as a form. \
                 Send multipart/form-data, for example with `curl -F 'file=@banana-1.0.0.gem'`."
                    .to_owned(),
            )
        })?;
    if boundary.is_empty() || boundary.len() > MAX_BOUNDARY_BYTES {
        return Err(Error::BadRequest(format!(
            "The form's boundary has {} characters; it must have 1 to {MAX_BOUNDARY_BYTES}. \
             Let the HTTP client choose it.",
            boundary.len()
        )));
    }
    Ok(boundary)
}

/// A part's content. The whole body is in memory, so it comes in one piece and is not copied.
async fn content(part: &mut Field<'_>) -> Result<Bytes> {
    let first = part.chunk().await.map_err(malformed)?.unwrap_or_default();
    let Some(second) = part.chunk().await.map_err(malformed)? else {
        return Ok(first);
    };
    let mut all = [first, second].concat();
    while let Some(chunk) = part.chunk().await.map_err(malformed)? {
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn malformed(error: multer::Error) -> Error {
    Error::BadRequest(match error {
        multer::Error::IncompleteStream
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteFieldData { .. } => {
            "The form is cut off, or its boundary is not the one that the Content-Type header names. \
             Send it again, whole."
                .to_owned()
        }
        // What the library says of it may hold all that the client sent.
        _ => "A part of the form has headers that cannot be read. Send the form as HTTP clients make it, \
              for example with `curl -F 'file=@banana-1.0.0.gem'`."
            .to_owned(),
    })
}

/// What a part says of itself.
struct Disposition {
    name: Option<Vec<u8>>,
    filename: Option<Vec<u8>>,
    extended_filename: Option<Vec<u8>>,
}

impl Disposition {
    fn of(part: &Field<'_>) -> Self {
        let header = part.headers().get(CONTENT_DISPOSITION);
        let header = header.map_or(&b""[..], |value| value.as_bytes());
        Self {
            name: parameter(header, "name"),
            filename: parameter(header, "filename"),
            extended_filename: parameter(header, "filename*"),
        }
    }

    /// The file name's last segment: clients send whole paths, of either kind.
    fn filename(self) -> Result<String> {
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

/// The last segment of a file's name or path, if a file can be called so.
pub(crate) fn usable_filename<'a>(name: &'a str, field: &'static str) -> Result<&'a str> {
    match name.rsplit(['/', '\\']).next().unwrap_or_default() {
        "" | "." | ".." => Err(unusable(field, "has no last segment")),
        last if last.len() > MAX_FILENAME_BYTES => Err(unusable(
            field,
            &format!(
                "has {} bytes; at most {MAX_FILENAME_BYTES} are allowed",
                last.len()
            ),
        )),
        last if last.chars().any(char::is_control) => Err(unusable(field, "has control characters")),
        last => Ok(last),
    }
}

fn unusable(field: &'static str, why: &str) -> Error {
    let message = format!("The file name {why}. Send the file under a name such as `banana-1.0.0.gem`.");
    Error::invalid(field, "invalid_filename", message)
}

/// RFC 8187: `UTF-8''` and percent-encoded bytes.
fn decode_extended(value: &[u8]) -> Option<String> {
    let (charset, rest) = std::str::from_utf8(value).ok()?.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    percent_decode_str(encoded).decode_utf8().ok().map(Into::into)
}

/// What the HTML standard escapes in a form's names, and nothing else: other percent signs are
/// part of the name.
fn decode_form_escapes(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

/// The value of a header's parameter. Quoted ones may hold `;`; in them a backslash escapes a quote
/// or a backslash, and is itself before anything else (Windows paths are sent as they are).
fn parameter(header: &[u8], wanted: &str) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests;
