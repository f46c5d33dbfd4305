//! `HEAD` of the root, by which RubyGems 3 learns whether there is a compact index.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use crate::error::Result;
use crate::http::empty;
use crate::native::Request;
use crate::permission::Permission;

/// 200, never a redirect: RubyGems takes the address that it ends at for the registry's. One round trip.
pub(super) async fn root(request: Request<'_>) -> Result<Response<Body>> {
    request.authorize(Permission::Read).await?;
    Ok(empty(StatusCode::OK))
}
