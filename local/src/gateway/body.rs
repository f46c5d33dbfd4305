//! A request's body: never more of it in memory than an event can carry.

use std::time::Duration;

use hyper::body::{Body as _, Incoming};

use super::Refusal;
use super::turns::{Turn, Turns};
use crate::incoming::{discard, next};

/// How long a body may take altogether.
const WHOLE: Duration = Duration::from_mins(5);

/// The whole body with its turn, or a refusal: at once where `Content-Length` says that it is too large (a
/// client that asked with `Expect: 100-continue` then never sends it), else as soon as it is.
pub(super) async fn collect(body: Incoming, limit: usize, turns: &Turns) -> Result<(Vec<u8>, Turn), Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        discard(body);
        return Err(Refusal::BODY_TOO_LARGE);
    }
    let turn = turns.take(&body).await;
    match tokio::time::timeout(WHOLE, collect_within(body, announced, limit)).await {
        Ok(collected) => Ok((collected?, turn)),
        Err(_) => Err(Refusal::TOO_SLOW),
    }
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
