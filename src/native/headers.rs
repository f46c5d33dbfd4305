//! Headers of every answer below native roots, and the conditions of a request.

use lambda_http::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode};
use lambda_http::{Body, Response};

use super::{gzip, range};
use crate::http::empty;

/// Size above which a body is worth compressing, in bytes.
const MIN_COMPRESSED_BYTES: usize = 1024;

/// Answers a condition of the request (304) or the part that it asks for, and compresses a body where the client
/// takes that.
pub(super) fn negotiate(headers: &HeaderMap, method: &Method, response: &mut Response<Body>) {
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let is_known = response
        .headers()
        .get(ETAG)
        .is_some_and(|tag| is_known(headers, tag));
    if is_read && response.status() == StatusCode::OK && is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::Empty;
        response.headers_mut().remove(CONTENT_TYPE);
        return;
    }
    range::answer_part(headers, method, response);
    let whole = response.headers();
    if whole.contains_key(CONTENT_ENCODING)
        || whole.contains_key(CONTENT_RANGE)
        || !gzip::is_accepted(headers)
    {
        return;
    }
    let text = match response.body() {
        Body::Text(text) if text.len() >= MIN_COMPRESSED_BYTES => text,
        _ => return,
    };
    let compressed = gzip::compress(text.as_bytes());
    *response.body_mut() = Body::Binary(compressed);
    let headers = response.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    // The tag of the text; of its two forms it can only be a weak one (RFC 9110, 8.8.1).
    if let Some(weak) = headers.get(ETAG).and_then(weakened) {
        headers.insert(ETAG, weak);
    }
}

/// Adds the headers that no answer goes without.
pub(super) fn add(response: &mut Response<Body>) {
    let cache = if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
        "no-store"
    } else {
        "private, no-cache"
    };
    let headers = response.headers_mut();
    let cache = || HeaderValue::from_static(cache);
    headers.entry(CACHE_CONTROL).or_insert_with(cache);
    for (name, value) in [
        (VARY, "Authorization, Accept, Accept-Encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // A page that somebody published is a document without an origin, which runs nothing.
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether the client holds what the tag names (RFC 9110, 13.1.2: compared weakly).
pub(super) fn is_known(request: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else {
        return false;
    };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let lines = request.get_all(IF_NONE_MATCH).iter();
    let mut known = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    known.any(|known| known.trim() == "*" || opaque(known) == opaque(tag))
}

/// The answer to a client that holds what the tag names already; none where it does not.
pub(super) fn unchanged(request: &HeaderMap, tag: &HeaderValue) -> Option<Response<Body>> {
    is_known(request, tag).then(|| {
        let mut response = empty(StatusCode::NOT_MODIFIED);
        response.headers_mut().insert(ETAG, tag.clone());
        response
    })
}

fn weakened(tag: &HeaderValue) -> Option<HeaderValue> {
    let tag = tag.to_str().ok().filter(|tag| !tag.starts_with("W/"))?;
    HeaderValue::from_str(&format!("W/{tag}")).ok()
}

#[cfg(test)]
mod tests {
    use lambda_http::http::header::ACCEPT_ENCODING;

    use super::*;

    fn answer(text: &str) -> Response<Body> {
        let mut response = Response::new(Body::Text(text.to_owned()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        headers.insert(ETAG, HeaderValue::from_static(r#""abc""#));
        response
    }

    #[test]
    fn known_tags_are_not_answered_again() {
        for (known, status) in [
            (r#""abc""#, 304),
            (r#"W/"abc""#, 304),
            (r#""x", "abc""#, 304),
            ("*", 304),
            (r#""abcd""#, 200),
            ("abc", 200),
            ("", 200),
        ] {
            let request = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(known))]);
            for (method, status) in [(Method::GET, status), (Method::HEAD, status), (Method::PUT, 200)] {
                let mut response = answer("text");
                negotiate(&request, &method, &mut response);
                assert_eq!(response.status(), status, "{method} {known}");
                assert_eq!(response.body().is_empty(), status == 304);
                assert_eq!(response.headers()[ETAG], r#""abc""#);
            }
        }
    }

    #[test]
    fn long_texts_are_compressed_under_weak_tags() {
        let request = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        for (length, compressed) in [(MIN_COMPRESSED_BYTES, true), (MIN_COMPRESSED_BYTES - 1, false)] {
            let mut response = answer(&"a".repeat(length));
            negotiate(&request, &Method::GET, &mut response);
            let headers = response.headers();
            assert_eq!(headers.contains_key(CONTENT_ENCODING), compressed);
            assert_eq!(headers[ETAG], if compressed { r#"W/"abc""# } else { r#""abc""# });
            assert_eq!(response.body().len() < length, compressed);
        }
    }

    #[test]
    fn answers_may_set_their_own_caching() {
        for (status, own, expected) in [
            (200, None, "private, no-cache"),
            (302, None, "no-store"),
            (304, None, "private, no-cache"),
            (
                200,
                Some("private, max-age=31536000, immutable"),
                "private, max-age=31536000, immutable",
            ),
        ] {
            let mut response = answer("text");
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            let own = own.map(|own| (CACHE_CONTROL, HeaderValue::from_static(own)));
            response.headers_mut().extend(own);
            add(&mut response);
            assert_eq!(response.headers()[CACHE_CONTROL], expected);
        }
    }
}
