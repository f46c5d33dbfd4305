//! Authorization for calls about the token itself, which any valid token may make.

use super::current;
use crate::error::Result;
use crate::records::keys;
use crate::records::{Records, Token};
use crate::secret::Secret;

/// Identifies the token of `secret`: one consistent read.
///
/// # Errors
/// [`Error::Unauthorized`](crate::Error::Unauthorized) without a valid token.
pub(crate) async fn identify_token(records: &Records, secret: &Secret) -> Result<Token> {
    current(records.get(&keys::token_by_secret(&secret.hash())).await?)
}
