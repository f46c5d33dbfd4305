//! Deleting a token.

use tokio::time::Instant;

use crate::actor::Actor;
use crate::error::Result;
use crate::records::{Records, Token};

/// Deletes a token, which opens nothing any more. One round trip.
///
/// # Errors
/// [`Error::NotFound`](crate::Error::NotFound) where it has just been deleted.
pub async fn delete(records: &Records, token: &Token, by: &Actor, retry_until: Instant) -> Result<()> {
    records.remove_token(token, by, retry_until).await
}
