//! `POST …/packages`: the form's `file`, or the upload that its `package_url` names.

use bytes::Bytes;
use lambda_http::{Body, Response};

use super::{package_url, published};
use crate::auth::Requirements;
use crate::error::Result;
use crate::form::{self, File, Form, PackagePart};
use crate::http::Call;
use crate::packages::{self, AttestationBundle, Filename, PackageFile};
use crate::path::RegistryPath;
use crate::permission::Permission;

const PUBLISH: Requirements<'static> = Requirements {
    permissions: &[Permission::Publish],
    package: None,
    upload: None,
    target: None,
    releases: &[],
};

/// Publishes a package.
pub(crate) async fn publish(call: &Call<'_>, path: &RegistryPath, body: Body) -> Result<Response<Body>> {
    // Without a token that could be one, the body is not read.
    call.check_credentials()?;
    match form::read(call.headers, body).await {
        Ok(Form {
            package,
            attestation_bundle: bundle,
        }) => match package {
            PackagePart::File(file) => call.context.in_time(publish_file(call, path, file, bundle)).await,
            PackagePart::Url(url) => Box::pin(publish_upload(call, path, &url, bundle)).await,
        },
        // Mistakes in a form are told only to callers that may publish.
        Err(error) => {
            call.context.in_time(call.authorize(path, PUBLISH)).await?;
            Err(error)
        }
    }
}

/// Three round trips: token and registry, the file, the release.
async fn publish_file(
    call: &Call<'_>,
    path: &RegistryPath,
    file: File,
    bundle: Option<Bytes>,
) -> Result<Response<Body>> {
    let filename = Filename::Given(file.filename);
    let (access, file) = PackageFile::hash(filename, file.bytes, call.authorize(path, PUBLISH)).await?;
    let bundle = bundle.map(AttestationBundle::read).transpose()?;
    let (registry, by) = (&access.registry, access.actor());
    let outcome = packages::publish(&call.context, registry, &by, file, bundle).await;
    published::answer(call, &access.registry, outcome)
}

/// Two round trips where it was published before; else five, and the reads of the file.
async fn publish_upload(
    call: &Call<'_>,
    path: &RegistryPath,
    url: &str,
    bundle: Option<Bytes>,
) -> Result<Response<Body>> {
    let addresses = call.context.files.addresses().await;
    let file = addresses.and_then(|addresses| package_url::parse(url, &addresses, path));
    let requirements = Requirements {
        upload: file.as_ref().ok().map(|file| file.upload),
        ..PUBLISH
    };
    let access = call.authorize(path, requirements).await?;
    // Mistakes in the address and in the bundle are told only to callers that may publish.
    let (file, by) = (file?, access.actor());
    let bundle = bundle.map(AttestationBundle::read).transpose()?;
    let (context, registry) = (&call.context, &access.registry);
    let outcome = packages::publish_upload(context, registry, &by, &file, access.upload, bundle).await;
    published::answer(call, registry, outcome)
}
