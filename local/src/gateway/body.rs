//! A request's body: never more of it in memory than an event can carry.

use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use hyper::body::Incoming;

use super::Refusal;
use crate::incoming::{discard, next};

/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_mins(5);

/// The whole body, or a refusal: at once where `Content-Length` says that it is too large (a
/// client that asked with `Expect: 100-continue` then never sends it), else as soon as it is.
pub(super) async fn collect(headers: &HeaderMap, body: Incoming, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = announced(headers);
    if announced > limit {
        discard(body);
        return Err(Refusal::BODY_TOO_LARGE);
    }
    match tokio::time::timeout(WHOLE, collect_within(body, announced, limit)).await {
        Ok(collected) => collected,
        Err(_) => Err(Refusal::TOO_SLOW),
    }
}

fn announced(headers: &HeaderMap) -> usize {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    // The HTTP server has refused a length that is not a number.
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

async fn collect_within(mut body: Incoming, announced: usize, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut collected = Vec::with_capacity(announced);
    while let Some(bytes) = next(&mut body).await? {
        if collected.len() + bytes.len() > limit {
            discard(body);
            return Err(Refusal::BODY_TOO_LARGE);
        }
        collected.extend_from_slice(&bytes);
    }
    Ok(collected)
}
