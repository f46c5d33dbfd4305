//! `PUT npm/{name}`: publishes the version that the document holds, or changes what the document changed.

use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use super::form::{Document, Publication};
use super::service::NOTICE;
use super::{Answer, Request, change, done, name, tags};
use crate::error::{Error, Result};
use crate::packages::{self, Filename, PackageFile};
use crate::permission::Permission;

/// Takes a document.
pub(super) fn put(mut request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let body = match request.take_body() {
            Ok(body) => body,
            Err(error) => return refuse(&request, error).await,
        };
        let read = || {
            let (name, _) = name::split(request.values)?;
            let document = Document::read(&body)?;
            Ok((name, document.publication()?, document))
        };
        match read() {
            Ok((name, Some(publication), document)) => publish(&request, &name, &document, publication).await,
            Ok((name, None, document)) => change::deprecate(&request, &name, &document).await,
            Err(error) => refuse(&request, error).await,
        }
    })
}

/// Tells a mistake only to callers that may publish.
async fn refuse(request: &Request<'_>, error: Error) -> Result<Response<Body>> {
    request.authorize(Permission::Publish).await?;
    Err(error)
}

/// Three round trips, as every publish of a file.
async fn publish(
    request: &Request<'_>,
    name: &str,
    document: &Document<'_>,
    publication: Publication<'_>,
) -> Result<Response<Body>> {
    let filename = name::tarball(name, &publication.version);
    let (filename, tarball) = (Filename::Given(filename), publication.tarball.clone());
    let authorized = request.authorize(Permission::Publish);
    let (access, file) = PackageFile::hash(filename, tarball, authorized).await?;
    if document.name.as_deref().is_some_and(|own| own != name) {
        return Err(Error::invalid(
            "name",
            "differs",
            format!("The document's `name` is not `{name}`, as the address has it. Publish with one tool."),
        ));
    }
    if let Some(tag) = &publication.tag {
        tags::check(tag)?;
    }
    let file = file.tagged(publication.tag.clone());
    let (context, registry) = (&request.call.context, &access.registry);
    let check = |manifest: &crate::formats::Manifest| publication.check(name, manifest);
    packages::publish_checked(context, registry, &access.actor(), file, None, check).await?;
    let mut response = done(StatusCode::CREATED)?;
    if publication.has_provenance {
        const TEXT: HeaderValue = HeaderValue::from_static(
            "The package is published. Its provenance statement is not kept: this registry does not verify any.",
        );
        response.headers_mut().insert(NOTICE, TEXT);
    }
    Ok(response)
}
