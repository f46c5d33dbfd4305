//! A request's body: never more of it in memory than an event can carry.

use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};

use super::Refusal;

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(20);
/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_mins(5);
/// How much of a refused body is read on, and for how long. A connection that is closed on a
/// client in the middle of sending is reset, and takes the answer with it.
const DISCARDED_BYTES: usize = 1 << 30;
const DISCARDED_WITHIN: Duration = Duration::from_secs(20);

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
    // What is no number, the HTTP server has refused already.
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

/// The next bytes of the body; none at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
    loop {
        match tokio::time::timeout(PAUSE, body.frame()).await {
            Err(_) => return Err(Refusal::TOO_SLOW),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(Refusal::UNREADABLE),
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// Reads on and forgets, beside the answer, so that the client gets to see it.
pub(super) fn discard(mut body: Incoming) {
    tokio::spawn(tokio::time::timeout(DISCARDED_WITHIN, async move {
        let mut discarded = 0;
        while let Ok(Some(bytes)) = next(&mut body).await {
            discarded += bytes.len();
            if discarded > DISCARDED_BYTES {
                return;
            }
        }
    }));
}
