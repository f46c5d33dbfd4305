//! The answer to the client.

use http::Response;
use http::header::{HeaderName, WWW_AUTHENTICATE};
use http_body_util::Full;
use hyper::body::Bytes;
use lambda_http::Body;
use packages_api::{MAX_EVENT_BYTES, Transfer};

use super::{FrontDoor, Refusal};

/// A REST API keeps this header for its own authorizers and renames the function's.
const REMAPPED: HeaderName = HeaderName::from_static("x-amzn-remapped-www-authenticate");

/// The function's answer as it leaves the gateway.
pub(super) fn passed_on(
    response: Response<Body>,
    front_door: FrontDoor,
    transfer: Transfer,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let (mut head, body) = response.into_parts();
    let (body, on_the_way) = match body {
        Body::Text(text) => {
            let in_json = in_json(&text);
            (Bytes::from(text), in_json)
        }
        Body::Binary(bytes) => {
            let in_base64 = bytes.len().div_ceil(3) * 4;
            (Bytes::from(bytes), in_base64)
        }
        _ => (Bytes::new(), 0),
    };
    if transfer == Transfer::Buffered && on_the_way > MAX_EVENT_BYTES {
        tracing::error!(
            bytes = on_the_way,
            "the function's answer is larger than Lambda hands on"
        );
        return Err(Refusal::CRASHED);
    }
    if front_door == FrontDoor::RestApi
        && let Some(challenge) = head.headers.remove(WWW_AUTHENTICATE)
    {
        head.headers.insert(REMAPPED, challenge);
    }
    Ok(Response::from_parts(head, Full::new(body)))
}

/// The bytes of a text within the JSON that a function answers with: an answer that is JSON itself
/// is escaped there once more.
fn in_json(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | b'\x08' | b'\x0c' => 2,
        ..b' ' => "\\u0000".len(),
        _ => 1,
    });
    escaped.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_renamed_as_by_rest_apis() {
        let passed = |front_door| {
            let response = Response::builder()
                .status(401)
                .header(WWW_AUTHENTICATE, "Bearer")
                .body(Body::Empty);
            passed_on(response.unwrap(), front_door, Transfer::Buffered).unwrap()
        };
        assert_eq!(passed(FrontDoor::HttpApi).headers()[WWW_AUTHENTICATE], "Bearer");
        let passed = passed(FrontDoor::RestApi);
        assert_eq!(passed.headers().get(REMAPPED).unwrap(), "Bearer");
        assert!(!passed.headers().contains_key(WWW_AUTHENTICATE));
    }

    #[test]
    fn answers_too_large_for_lambda_are_refused() {
        let passed =
            |body| passed_on(Response::new(body), FrontDoor::RestApi, Transfer::Buffered).map(|_| ());
        let of = |bytes: usize| passed(Body::Binary(vec![0; bytes]));
        assert_eq!(of(MAX_EVENT_BYTES / 4 * 3), Ok(()));
        assert_eq!(of(MAX_EVENT_BYTES / 4 * 3 + 1), Err(Refusal::CRASHED));
        let of = |text: String| passed(Body::Text(text));
        assert_eq!(of("x".repeat(MAX_EVENT_BYTES)), Ok(()));
        assert_eq!(of("\"".repeat(MAX_EVENT_BYTES / 2)), Ok(()));
        assert_eq!(of("\"".repeat(MAX_EVENT_BYTES / 2 + 1)), Err(Refusal::CRASHED));
    }

    #[test]
    fn streamed_answers_have_no_bound() {
        let answer = Response::new(Body::Text("\"".repeat(MAX_EVENT_BYTES)));
        assert!(passed_on(answer, FrontDoor::RestApi, Transfer::Streamed).is_ok());
    }

    #[test]
    fn a_text_is_as_long_as_its_json() {
        let text: String = (0..=0x100).filter_map(char::from_u32).collect();
        let json = serde_json::to_string(&text).unwrap();
        assert_eq!(in_json(&text), json.len() - "\"\"".len());
    }
}
