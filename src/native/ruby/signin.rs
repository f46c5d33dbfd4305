//! `gem signin` and `gem owner`: there are no accounts behind this registry, so a key is the token itself.

use lambda_http::http::HeaderValue;
use lambda_http::http::header::CACHE_CONTROL;
use lambda_http::{Body, Response};

use super::push::said;
use crate::error::{Error, Result};
use crate::native::Request;
use crate::permission::Permission;

/// Answers the caller's own token, which `gem signin` asks for as the password and keeps for `gem push`. The form's name
/// and scopes are ignored: a token has its own. One round trip.
///
/// # Errors
/// 401 without a valid token, and for the token of a job, which is gone before it could be used again.
pub(super) async fn key(request: Request<'_>) -> Result<Response<Body>> {
    let secret = request.call.secret()?;
    request.authorize(Permission::Read).await?;
    let mut response = said(secret.expose().to_owned());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Refuses to list and to change owners.
pub(super) async fn owners(request: Request<'_>) -> Result<Response<Body>> {
    request.authorize(Permission::Read).await?;
    Err(Error::NotFound(
        "This registry keeps no owners of gems: the scopes of a token decide what its holder may do. Ask an administrator \
         for a token."
            .to_owned(),
    ))
}
