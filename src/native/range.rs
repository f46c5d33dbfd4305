//! Parts of an answer (RFC 9110, 14).

use std::ops::Range;

use lambda_http::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode};
use lambda_http::{Body, Response};

/// Answers the part that is asked for, where the answer may be taken in parts (`Accept-Ranges: bytes`). Several parts
/// at once, and a part of another state, are answered by the whole, as RFC 9110 permits.
pub(super) fn answer_part(headers: &HeaderMap, method: &Method, response: &mut Response<Body>) {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let whole = response.headers();
    let takes_parts = whole.get(ACCEPT_RANGES).is_some_and(|unit| unit == "bytes");
    let is_of_this = |tag: &HeaderValue| whole.get(ETAG) == Some(tag);
    if !takes_parts || *method != Method::GET || !headers.get(IF_RANGE).is_none_or(is_of_this) {
        return;
    }
    let length = response.body().len();
    let part = match text(RANGE).map(|range| part(range, length)) {
        None | Some(Part::Whole) => return,
        Some(Part::Bytes(part)) => part,
        Some(Part::Outside) => return refuse(response),
    };
    let content_range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
    let bytes = response.body().get(part).unwrap_or_default().to_vec();
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    *response.body_mut() = match String::from_utf8(bytes) {
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    };
    add_content_range(response, &content_range);
}

/// The refusal of a part, in the place of the whole.
pub(super) fn refuse(response: &mut Response<Body>) {
    let content_range = format!("bytes */{}", response.body().len());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    *response.body_mut() = Body::Empty;
    response.headers_mut().remove(CONTENT_TYPE);
    add_content_range(response, &content_range);
}

fn add_content_range(response: &mut Response<Body>, text: &str) {
    let value = HeaderValue::from_str(text).ok();
    let headers = response.headers_mut();
    headers.extend(value.map(|value| (CONTENT_RANGE, value)));
}

/// A part of so many bytes, as a `Range` names it.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Not one part of bytes.
    Whole,
    /// At least one byte.
    Bytes(Range<usize>),
    /// Behind the end.
    Outside,
}

fn part(range: &str, length: usize) -> Part {
    let Some((first, last)) = range
        .trim()
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<usize>())
    };
    // Numbers beyond all bounds are as good as the largest.
    let number = |text: &str| number(text).map(|number| number.unwrap_or(usize::MAX));
    let bytes = match (first, last) {
        ("", "") => return Part::Whole,
        ("", last) => number(last).map(|count| length.saturating_sub(count)..length),
        (first, "") => number(first).map(|first| first..length),
        (first, last) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| first..last.saturating_add(1).min(length)),
    };
    match bytes {
        None => Part::Whole,
        Some(bytes) if bytes.start < bytes.end => Part::Bytes(bytes),
        Some(_) => Part::Outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_name_one_part() {
        for (range, expected) in [
            ("bytes=0-", Part::Bytes(0..10)),
            ("bytes=9-", Part::Bytes(9..10)),
            ("bytes=10-", Part::Outside),
            ("bytes=2-3", Part::Bytes(2..4)),
            ("bytes=2-99", Part::Bytes(2..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-99", Part::Bytes(0..10)),
            ("bytes=-0", Part::Outside),
            ("bytes=99999999999999999999999-", Part::Outside),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..10)),
            ("bytes=3-2", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("bytes=+1-", Part::Whole),
            ("lines=1-", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
    }

    /// Status, body and `Content-Range` of an answer to these headers.
    fn answered(unit: &'static str, request: &[(&str, &str)]) -> (u16, String, String) {
        let mut headers = HeaderMap::new();
        for (name, value) in request {
            let name = lambda_http::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let mut response = Response::new(Body::Text("0123456789".to_owned()));
        response
            .headers_mut()
            .insert(ETAG, HeaderValue::from_static("\"a\""));
        response
            .headers_mut()
            .insert(ACCEPT_RANGES, HeaderValue::from_static(unit));
        answer_part(&headers, &Method::GET, &mut response);
        let range = response.headers().get(CONTENT_RANGE);
        let range = range.map_or("", |range| range.to_str().unwrap()).to_owned();
        let body = std::str::from_utf8(response.body()).unwrap().to_owned();
        (response.status().as_u16(), body, range)
    }

    #[test]
    fn parts_are_answered_where_they_may_be() {
        let whole = (200, "0123456789".to_owned(), String::new());
        let part = (206, "89".to_owned(), "bytes 8-9/10".to_owned());
        let range = ("range", "bytes=8-");
        assert_eq!(answered("bytes", &[range]), part);
        assert_eq!(answered("bytes", &[range, ("if-range", "\"a\"")]), part);
        assert_eq!(answered("bytes", &[range, ("if-range", "\"b\"")]), whole);
        assert_eq!(answered("bytes", &[]), whole);
        assert_eq!(answered("none", &[range]), whole);
        assert_eq!(
            answered("bytes", &[("range", "bytes=10-")]),
            (416, String::new(), "bytes */10".to_owned())
        );
    }

    #[test]
    fn refused_parts_tell_the_length() {
        let mut response = Response::new(Body::Text("0123456789".to_owned()));
        refuse(&mut response);
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(response.headers()[CONTENT_RANGE], "bytes */10");
        assert!(response.body().is_empty());
    }
}
