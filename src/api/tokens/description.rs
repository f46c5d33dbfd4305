//! Body of a token's creation and update.

use lambda_http::Body;

use crate::error::Result;
use crate::json::{self, Field};

/// Reads the only field that a token has.
///
/// # Errors
/// As of [`json::read`]; a 422 where it is not a text.
pub(super) fn read(body: &Body) -> Result<Field<String>> {
    let mut members = json::read(body)?;
    let description = members.text("description");
    members.finish()?;
    Ok(description)
}
