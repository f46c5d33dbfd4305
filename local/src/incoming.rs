//! Bodies on their way in: clients that pause, break off, or go on sending what nobody wants.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};

/// How long a client may pause within a body.
const PAUSE: Duration = Duration::from_secs(20);
/// How much of a refused body is read on, and for how long. A connection that is closed on a
/// client in the middle of sending is reset, and takes the answer with it.
const DISCARDED_BYTES: usize = 1 << 30;
const DISCARDED_WITHIN: Duration = Duration::from_secs(20);

/// Why a body has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Interrupted {
    /// Nothing came for a while.
    #[error("the client paused for too long")]
    TooSlow,
    /// The connection broke off, or the body is not framed as its headers say.
    #[error("the body could not be read to its end")]
    Unreadable,
}

/// The next bytes of the body; none at its end.
pub(crate) async fn next<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, Interrupted> {
    loop {
        match tokio::time::timeout(PAUSE, body.frame()).await {
            Err(_) => return Err(Interrupted::TooSlow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(_))) => return Err(Interrupted::Unreadable),
            Ok(Some(Ok(frame))) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

/// Reads on and forgets, beside the answer, so that the client gets to see it.
pub(crate) fn discard<B: Body<Data = Bytes, Error: Send> + Unpin + Send + 'static>(mut body: B) {
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
