//! `POST …/packages/upload`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::auth::Requirements;
use crate::error::Result;
use crate::http::Call;
use crate::packages;
use crate::path::RegistryPath;
use crate::permission::Permission;

/// Answers a form for one file, under a prefix of its own. One round trip.
pub(crate) async fn request_upload(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::Publish],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    let upload = packages::request_upload(&call.context, &access.registry).await?;
    views::upload(upload)
}
