//! A multipart body → its fields, bounded.
//!
//! Shapes: RFC 7578. Clients take liberties: curl with a `Content-Type` of its own sends
//! `application/json; boundary=…` and parts that are `attachment`, so neither the media type nor the
//! disposition's type decides anything here. `parts` normalizes the body first, `disposition` reads
//! the names of a part and its file.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use lambda_http::Body;
use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use lambda_http::http::{HeaderMap, HeaderValue};
use multer::Multipart;

use self::disposition::{Disposition, parameter};
use crate::error::{Error, MAX_BODY_BYTES, Result};

mod disposition;
mod parts;

/// RFC 2046: a boundary is 1 to 70 characters.
const MAX_BOUNDARY_BYTES: usize = 70;

/// Parts of a publish form; those without meaning here are ignored, but not without end.
const MAX_PARTS: usize = 100;

/// Parts of a form of many fields: twine sends each classifier and each dependency as one.
const MAX_FIELDS: usize = 2000;

/// A file of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// The last segment of the name that the client gave.
    pub(crate) filename: String,
    /// All of its bytes; at least one.
    pub(crate) bytes: Bytes,
}

/// Fields of a form that are no files, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(Vec<u8>, Bytes)>);

impl Fields {
    /// The first field of a name, if it is text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        let (_, value) = fields.find(|(own, _)| own == name.as_bytes())?;
        std::str::from_utf8(value).ok()
    }
}

/// A publish form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// The package.
    pub(crate) package: PackagePart,
    /// Attestations of its file, sent as a file or as a field.
    pub(crate) attestation_bundle: Option<Bytes>,
}

/// The package of a publish form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PackagePart {
    /// The package itself.
    File(File),
    /// The address of a file that was uploaded before.
    Url(String),
}

/// Reads a publish form: either one `file` or one `package_url`, and perhaps one `attestation_bundle`.
///
/// # Errors
/// 400 where the body is no form, 413 where it is too large, 415 where it is encoded, 422 where it
/// has not exactly one usable `file` or `package_url`.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Form> {
    let mut parts = Parts::of(headers, &bytes(headers, body)?, MAX_PARTS)?;
    let (mut file, mut package_url, mut attestation_bundle) = (None, None, None);
    while let Some((disposition, content)) = parts.next().await? {
        match disposition.name.as_deref() {
            Some(b"file") => only(&mut file, "file", (disposition, content))?,
            Some(b"package_url") => only(&mut package_url, "package_url", content)?,
            Some(b"attestation_bundle") => only(&mut attestation_bundle, "attestation_bundle", content)?,
            _ => {}
        }
    }
    Ok(Form {
        package: only_package(file, package_url)?,
        attestation_bundle,
    })
}

/// Reads a form of many fields, of which those named `file_part` are files.
///
/// # Errors
/// 400 where the bytes are no form, or one of more parts than [`MAX_FIELDS`]; 422 where it has not exactly one
/// `file_part`, or that is not usable as a file.
pub(crate) async fn read_fields(
    headers: &HeaderMap,
    body: Bytes,
    file_part: &'static str,
) -> Result<(File, Fields)> {
    let mut parts = Parts::of(headers, &body, MAX_FIELDS)?;
    let (mut file, mut fields) = (None, Fields::default());
    while let Some((disposition, content)) = parts.next().await? {
        match &disposition.name {
            Some(name) if name == file_part.as_bytes() => only(&mut file, file_part, (disposition, content))?,
            Some(name) => fields.0.push((name.clone(), content)),
            None => {}
        }
    }
    let (disposition, bytes) = file.ok_or_else(|| {
        let message = format!("The form has no part named `{file_part}`. Send the package's file in it.");
        Error::invalid(file_part, "missing", message)
    })?;
    Ok((whole_file(disposition, bytes)?, fields))
}

/// The parts of a form, one after another. Their contents lie in the body, and are not copied.
struct Parts {
    /// A form of the same headers and nothing else: its reader would copy the contents.
    heads: Multipart<'static>,
    contents: std::vec::IntoIter<Bytes>,
}

impl Parts {
    fn of(headers: &HeaderMap, body: &Bytes, max_parts: usize) -> Result<Self> {
        let boundary = boundary(headers)?;
        let (mut heads, mut contents) = (Vec::new(), Vec::new());
        for part in parts::canonical(body, &boundary, max_parts)? {
            heads.extend(part.head);
            heads.extend(b"\r\n");
            contents.push(part.content);
        }
        heads.extend(format!("--{boundary}--\r\n").into_bytes());
        let heads = stream::iter([Ok::<_, Infallible>(heads)]);
        Ok(Self {
            heads: Multipart::new(heads, boundary),
            contents: contents.into_iter(),
        })
    }

    async fn next(&mut self) -> Result<Option<(Disposition, Bytes)>> {
        let Some(head) = self.heads.next_field().await.map_err(malformed)? else {
            return Ok(None);
        };
        let content = self.contents.next().ok_or_else(cut_off)?;
        Ok(Some((Disposition::of(&head), content)))
    }
}

/// The one package of a form.
fn only_package(file: Option<(Disposition, Bytes)>, package_url: Option<Bytes>) -> Result<PackagePart> {
    match (file, package_url) {
        (Some((disposition, bytes)), None) => whole_file(disposition, bytes).map(PackagePart::File),
        (None, Some(url)) => String::from_utf8(url.into())
            .map(PackagePart::Url)
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

/// Keeps the one part of a name.
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

/// RFC 9110, 8.4: a body that is compressed as a whole would be read as if it were the form itself.
fn refuse_encoded(headers: &HeaderMap) -> Result<()> {
    let mut encodings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .map(HeaderValue::as_bytes);
    if encodings.all(|encoding| encoding.is_empty() || encoding.eq_ignore_ascii_case(b"identity")) {
        return Ok(());
    }
    Err(Error::Encoded(
        "The request's body is compressed, as its Content-Encoding header says. Send the form as it is, \
         without that header.",
    ))
}

/// The body's bytes. A body that came as text and holds U+FFFD was binary once.
///
/// # Errors
/// 400 where it was destroyed, 413 where it is too large, 415 where it is encoded.
pub(crate) fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    refuse_encoded(headers)?;
    let bytes: Bytes = match body {
        Body::Binary(bytes) => bytes.into(),
        Body::Text(text) if text.contains('\u{FFFD}') => {
            return Err(Error::BadRequest(
                "The front door turned the binary body into text and destroyed it. Publish with \
                 `Content-Type: multipart/form-data`, or use a REST API with the binary media type `*/*`, \
                 as this project's template does."
                    .to_owned(),
            ));
        }
        Body::Text(text) => text.into(),
        _ => Bytes::new(),
    };
    if bytes.len() > MAX_BODY_BYTES {
        return Err(Error::TooLarge);
    }
    Ok(bytes)
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

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn malformed(error: multer::Error) -> Error {
    match error {
        multer::Error::IncompleteStream
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteFieldData { .. } => cut_off(),
        // The library's own message may hold all that the client sent.
        _ => unreadable_headers(),
    }
}

fn cut_off() -> Error {
    Error::BadRequest(
        "The form is cut off, or its boundary is not the one that the Content-Type header names. \
         Send it again, whole."
            .to_owned(),
    )
}

fn unreadable_headers() -> Error {
    Error::BadRequest(
        "A part of the form has headers that cannot be read. Send the form as HTTP clients make it, \
         for example with `curl -F 'file=@banana-1.0.0.gem'`."
            .to_owned(),
    )
}

#[cfg(test)]
mod tests;
