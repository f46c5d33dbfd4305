//! Creating a token.

use tokio::time::Instant;
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::records::{NewToken, Records, Token};
use crate::secret::Secret;
use crate::slug::Slug;

/// Creates a token of an organization, which is given by its id and slug. Answers its secret too, which is stored
/// nowhere. One round trip.
///
/// Whoever repeats it gets a token of its own: nobody knows the secret of the first one.
///
/// # Errors
/// [`Error::NotFound`] where the organization or the token's registry is not there (any more).
pub async fn create(
    records: &Records,
    organization: (Uuid, &Slug),
    new: NewToken,
    by: &Actor,
    retry_until: Instant,
) -> Result<(Token, Secret)> {
    let secret = Secret::generate().map_err(|error| Error::Internal(format!("no randomness: {error}")))?;
    let token = records.insert_token(organization, &secret, new, by, retry_until);
    Ok((token.await?, secret))
}
