//! `GET` and `DELETE /v2/access-token`: the token of the request itself.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::Result;
use crate::http::{Call, empty};
use crate::tokens;

/// Gets the token. One round trip.
pub(crate) async fn get_token(call: &Call<'_>) -> Result<Response<Body>> {
    let token = call.identify_token().await?;
    views::access_token(&token)
}

/// Ends the token, which opens nothing any more. Two round trips.
pub(crate) async fn end_token(call: &Call<'_>) -> Result<Response<Body>> {
    let token = call.identify_token().await?;
    let (context, by) = (&call.context, token.actor());
    tokens::delete(&context.records, &token, &by, context.retry_until).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
