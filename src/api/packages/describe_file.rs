//! `HEAD …/packages/{id}/download`

use lambda_http::{Body, Response};

use crate::error::Result;
use crate::http::{Call, file_headers};
use crate::path::PackagePath;
use crate::permission::Permission;

/// Answers the file's size, type and name, from the record. Not a redirect: an address that is signed
/// for GET answers no HEAD.
pub(crate) async fn describe_file(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let (_, package) = call.authorize_package(path, Permission::Read).await?;
    file_headers(&package.filename, package.size, package.digests.sha256)
}
