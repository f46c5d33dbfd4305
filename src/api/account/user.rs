//! `GET /v2/user`: whoever the token was made for.

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::Result;
use crate::http::Call;

/// Gets the user. One round trip.
pub(crate) async fn user(call: &Call<'_>) -> Result<Response<Body>> {
    let token = call.identify_token().await?;
    views::user(&token)
}
