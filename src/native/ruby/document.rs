//! Answers with a document of the compact index, of which clients keep a copy and ask for what was appended.

use lambda_http::http::header::{ACCEPT_RANGES, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE};
use lambda_http::http::{HeaderMap, HeaderValue};
use lambda_http::{Body, Response};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::http::{REPR_DIGEST, repr_digest};

/// Answers a document. Its tag is its MD5, which Bundler compares with what it then has; its SHA-256 is that of the
/// text, which Bundler 2.5 and later compare, also where the text is sent in gzip.
///
/// Bundler asks for the part behind its copy, whose MD5 it sends as the tag that it knows. That part is answered
/// only where the document still begins with the copy: after a yank the whole is, which spares a second request.
pub(super) fn answer(headers: &HeaderMap, document: String) -> Result<Response<Body>> {
    let md5 = Digest::md5(document.as_bytes());
    let sha256 = Digest::sha256(document.as_bytes());
    answer_with(headers, document, md5, sha256)
}

/// Answers a document whose digests are known: see [`answer`].
pub(super) fn answer_with(
    headers: &HeaderMap,
    document: String,
    md5: Digest<16>,
    sha256: Digest<32>,
) -> Result<Response<Body>> {
    let takes_parts = extends_copy(headers, document.as_bytes());
    let mut response = Response::new(Body::Text(document));
    describe(&mut response, &tag(md5, false)?, sha256, takes_parts)?;
    Ok(response)
}

/// The tag of a document with this MD5; a weak one where it is answered in gzip.
pub(super) fn tag(md5: Digest<16>, is_packed: bool) -> Result<HeaderValue> {
    let weak = if is_packed { "W/" } else { "" };
    let tag = HeaderValue::from_str(&format!("{weak}\"{md5}\""));
    tag.map_err(|error| Error::Internal(error.to_string()))
}

/// Adds the headers of a document: its tag, the SHA-256 of its text, and whether parts of it may be asked for.
pub(super) fn describe(
    response: &mut Response<Body>,
    tag: &HeaderValue,
    sha256: Digest<32>,
    takes_parts: bool,
) -> Result<()> {
    let digest = HeaderValue::from_str(&repr_digest(sha256));
    let digest = digest.map_err(|error| Error::Internal(error.to_string()))?;
    let parts = if takes_parts { "bytes" } else { "none" };
    for (name, value) in [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (ETAG, tag.clone()),
        (REPR_DIGEST, digest),
        (ACCEPT_RANGES, HeaderValue::from_static(parts)),
    ] {
        response.headers_mut().insert(name, value);
    }
    Ok(())
}

/// Whether a part may be answered: the client has no copy, or its copy is the document's beginning.
fn extends_copy(headers: &HeaderMap, document: &[u8]) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let Some(known) = text(IF_NONE_MATCH) else {
        return true;
    };
    // Bundler begins with the last byte that it has.
    let last: Option<usize> =
        text(RANGE).and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let copy = last.and_then(|last| document.get(..=last));
    copy.is_some_and(|copy| known.trim_start_matches("W/") == format!("\"{}\"", Digest::md5(copy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "---\n1.0.0 |checksum:a\n2.0.0 |checksum:b\n";

    #[test]
    fn parts_follow_copies_that_the_document_begins_with() {
        let copy = Digest::md5(&DOCUMENT.as_bytes()[..24]);
        let (copy, other) = (format!("\"{copy}\""), format!("\"{}\"", Digest::md5(b"other")));
        for (known, range, expected) in [
            (None, None, "bytes"),
            (None, Some("bytes=5-"), "bytes"),
            (Some(copy.as_str()), Some("bytes=23-"), "bytes"),
            (Some(&format!("W/{copy}")), Some("bytes=23-"), "bytes"),
            (Some(&copy), Some("bytes=22-"), "none"),
            (Some(&other), Some("bytes=23-"), "none"),
            (Some(&copy), Some("bytes=99-"), "none"),
            (Some(&copy), Some("bytes=18446744073709551615-"), "none"),
            (Some(&copy), None, "none"),
            (Some(&copy), Some("lines=1-"), "none"),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(known.map(|text| (IF_NONE_MATCH, HeaderValue::from_str(text).unwrap())));
            headers.extend(range.map(|text| (RANGE, HeaderValue::from_str(text).unwrap())));
            let response = answer(&headers, DOCUMENT.to_owned()).unwrap();
            assert_eq!(response.headers()[ACCEPT_RANGES], expected, "{known:?} {range:?}");
        }
    }
}
