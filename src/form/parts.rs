//! A multipart body (RFC 2046, 5.1) rewritten into the one spelling that the form's reader takes.
//!
//! The standard allows more than HTTP clients usually send: text before the first boundary, header
//! lines that are folded, parts without headers, parts that end with them. One pass over the body,
//! bounded in parts and in each part's headers, finds the parts and writes their boundaries and
//! headers anew. Contents are handed on as they lie in the body, never copied.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem::Finder;

use super::{cut_off, unreadable_headers};
use crate::error::{Error, Result};

/// Headers of one part, and their bytes.
const MAX_HEADERS: usize = 32;
const MAX_HEADERS_BYTES: usize = 16 * 1024;

const CRLF: &[u8] = b"\r\n";

/// A part: its boundary and headers, written anew, and its content as it lies in the body.
pub(super) struct Part {
    pub(super) head: Vec<u8>,
    pub(super) content: Bytes,
}

/// The parts of a body, of which there may be at most `max_parts`: headers unfolded, nothing before the first boundary
/// and nothing after the last.
///
/// # Errors
/// 400 where the boundaries or a part's headers cannot be read, or exceed their bounds; 415 where a
/// part's content is encoded.
pub(super) fn canonical(body: &Bytes, boundary: &str, max_parts: usize) -> Result<Vec<Part>> {
    let delimiter = format!("\r\n--{boundary}");
    let next = Finder::new(&delimiter);
    let mut parts = Vec::new();
    let mut at = first_delimiter(body, &delimiter.as_bytes()[CRLF.len()..]).ok_or_else(cut_off)?;
    loop {
        if body[at..].starts_with(b"--") {
            return Ok(parts);
        }
        if parts.len() == max_parts {
            return Err(Error::BadRequest(format!(
                "The form has more than {max_parts} parts. Send the package as `file`, and little else."
            )));
        }
        let start = line_end(body, at)?;
        // The line break before a part may be the next delimiter's own: then the part is empty.
        let searched = start - CRLF.len();
        let end = searched + next.find(&body[searched..]).ok_or_else(cut_off)?;
        parts.push(part(body, start..end.max(start), boundary)?);
        at = end + delimiter.len();
    }
}

/// The place behind the first delimiter: where a line begins, not within the text before it.
fn first_delimiter(body: &[u8], delimiter: &[u8]) -> Option<usize> {
    let begins_a_line = |at: usize| at == 0 || body[at - 1] == b'\n';
    let delimiters = Finder::new(delimiter);
    let first = delimiters.find_iter(body).find(|at| begins_a_line(*at))?;
    Some(first + delimiter.len())
}

/// The beginning of the line after a boundary, which only blanks may follow.
fn line_end(body: &[u8], at: usize) -> Result<usize> {
    let padding = body[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let end = at + padding.count();
    match &body[end..] {
        [b'\r', b'\n', ..] => Ok(end + CRLF.len()),
        [b'\n', ..] => Err(Error::BadRequest(
            "The form's lines end with LF alone; those of a multipart form end with CRLF. \
             Send the form as HTTP clients make it, for example with `curl -F 'file=@banana-1.0.0.gem'`."
                .to_owned(),
        )),
        _ => Err(cut_off()),
    }
}

/// One part's headers and content.
fn part(body: &Bytes, range: Range<usize>, boundary: &str) -> Result<Part> {
    let part = body.slice(range);
    let (sent, content) = if part.is_empty() || part.starts_with(CRLF) {
        (Bytes::new(), part.slice(part.len().min(CRLF.len())..))
    } else if let Some(end) = Finder::new(b"\r\n\r\n").find(&part) {
        (part.slice(..end), part.slice(end + 2 * CRLF.len()..))
    } else {
        // The blank line behind the headers is the next delimiter's own.
        let head = part.strip_suffix(CRLF).ok_or_else(unreadable_headers)?;
        (part.slice_ref(head), Bytes::new())
    };
    let mut head = format!("--{boundary}\r\n").into_bytes();
    head.extend(headers(&sent)?);
    head.extend(CRLF);
    Ok(Part { head, content })
}

/// A part's headers, a line each.
fn headers(head: &[u8]) -> Result<Vec<u8>> {
    if head.is_empty() {
        // Default type of a part without headers: RFC 2046, 5.1.
        return Ok(b"Content-Type: text/plain\r\n".to_vec());
    }
    let too_many = || {
        Error::BadRequest(format!(
            "A part of the form has more than {MAX_HEADERS} headers, or more than {MAX_HEADERS_BYTES} bytes \
             of them. Send `Content-Disposition` and `Content-Type` alone."
        ))
    };
    if head.len() > MAX_HEADERS_BYTES {
        return Err(too_many());
    }
    let mut headers: Vec<Vec<u8>> = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let end = Finder::new(CRLF).find(rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + CRLF.len()..).unwrap_or_default();
        // A line that begins with a blank goes on with the header before it: RFC 5322, 2.2.3.
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            headers.last_mut().ok_or_else(unreadable_headers)?.extend(line);
        } else {
            headers.push(line.to_vec());
        }
    }
    if headers.len() > MAX_HEADERS {
        return Err(too_many());
    }
    let mut lines = Vec::with_capacity(head.len());
    let mut dispositions = 0;
    for header in &headers {
        let (name, value) = name_and_value(header)?;
        if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            refuse_encoded(value)?;
        }
        dispositions += usize::from(name.eq_ignore_ascii_case(b"content-disposition"));
        lines.extend([name, b": ", value, CRLF].concat());
    }
    if dispositions > 1 {
        return Err(Error::BadRequest(
            "A part of the form has two `Content-Disposition` headers. Name each part once.".to_owned(),
        ));
    }
    Ok(lines)
}

/// RFC 5322, 2.2: a name of visible characters, a colon, a value. Old mail software puts a blank before
/// the colon.
fn name_and_value(header: &[u8]) -> Result<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', header).ok_or_else(unreadable_headers)?;
    let (name, value) = (header[..colon].trim_ascii_end(), header[colon + 1..].trim_ascii());
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) || value.iter().any(is_control) {
        return Err(unreadable_headers());
    }
    Ok((name, value))
}

/// RFC 7578, 4.7: senders of forms should not encode contents. What would be stored as it came is
/// refused instead.
fn refuse_encoded(encoding: &[u8]) -> Result<()> {
    let plain: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];
    if plain.iter().any(|plain| encoding.eq_ignore_ascii_case(plain)) {
        return Ok(());
    }
    Err(Error::Encoded(
        "A part of the form is encoded: its Content-Transfer-Encoding is none of `7bit`, `8bit` and `binary`. \
         Send the file as it is, without an encoder.",
    ))
}
