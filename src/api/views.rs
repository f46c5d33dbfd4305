//! Responses: every JSON body of the API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_http::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::digest::Digests;
use crate::error::{Error, FieldError, Result};
use crate::files::PostForm;
use crate::http::{add_error_headers, empty, json, message, status};
use crate::id::PackageId;
use crate::packages::{Attestations, Metadata, UploadForm};
use crate::records::{Listed, Package, Registry};
use crate::slug::Slug;
use crate::time::rfc3339_millis;
use crate::urls::{RegistryUrls, Urls};

mod account;
mod audit;
mod links;
mod registry;
mod token;

pub(crate) use account::{access_token, organization, organizations, user};
pub(crate) use audit::{audit_event, audit_events};
pub(crate) use links::Links;
pub(crate) use registry::{registries, registry};
pub(crate) use token::{created_registry_token, registry_token, registry_tokens};

/// A package, as the documentation shows it, and after that our own additions.
#[derive(Serialize)]
struct PackageBody<'a> {
    id: PackageId,
    url: String,
    web_url: String,
    name: &'a str,
    organization: OrganizationBody<'a>,
    registry: RegistryBody<'a>,
    version: &'a str,
    variant: Option<&'a str>,
    filename: &'a str,
    size: u64,
    download_url: String,
    created_at: String,
    digests: Digests,
    metadata: Box<RawValue>,
    /// Left out where there are none, as in every answer before there could be any.
    #[serde(skip_serializing_if = "Option::is_none")]
    attestations_url: Option<String>,
}

#[derive(Serialize)]
struct OrganizationBody<'a> {
    id: Uuid,
    slug: &'a Slug,
    url: String,
    web_url: String,
}

#[derive(Serialize)]
struct RegistryBody<'a> {
    id: Uuid,
    graphql_id: String,
    slug: &'a Slug,
    url: String,
    web_url: String,
}

impl<'a> OrganizationBody<'a> {
    /// The organization of a registry.
    fn of(urls: &Urls, registry: &'a Registry) -> Self {
        let slug = &registry.address.organization;
        Self {
            id: registry.organization_id,
            slug,
            url: urls.organization(slug),
            web_url: urls.organization_web(slug),
        }
    }
}

impl<'a> RegistryBody<'a> {
    fn of(urls: RegistryUrls, registry: &'a Registry) -> Self {
        Self {
            id: registry.id,
            graphql_id: graphql_id("Registry", registry.id),
            slug: registry.slug(),
            url: urls.api,
            web_url: urls.web,
        }
    }
}

#[derive(Serialize)]
struct ListBody<'a> {
    items: Vec<ItemBody<'a>>,
    links: Links,
}

#[derive(Serialize)]
struct ItemBody<'a> {
    id: PackageId,
    url: String,
    web_url: String,
    name: &'a str,
    created_at: String,
    version: &'a str,
    digests: Digests,
}

#[derive(Serialize)]
struct UploadBody {
    uri: String,
    form: PostForm,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a [FieldError]>,
}

/// 200 with a package.
pub(crate) fn package(
    urls: &Urls,
    registry: &Registry,
    package: &Package,
    metadata: Metadata,
) -> Result<Response<Body>> {
    let metadata = RawValue::from_string(metadata.into());
    let below = urls.registry(&registry.address);
    let body = PackageBody {
        id: package.id,
        url: below.package(package.id),
        web_url: below.package_web(package.id),
        name: &package.name,
        version: &package.version,
        variant: package.variant.as_deref(),
        filename: &package.filename,
        size: package.size,
        download_url: below.download(package.id),
        created_at: rfc3339_millis(package.id.minted_at()),
        digests: package.digests,
        metadata: metadata.map_err(|error| Error::Internal(format!("metadata: {error}")))?,
        attestations_url: package.has_attestations.then(|| below.attestations(package.id)),
        organization: OrganizationBody::of(urls, registry),
        registry: RegistryBody::of(below, registry),
    };
    let mut response = json(StatusCode::OK, &body)?;
    // The log names the package that was published or shown.
    response.extensions_mut().insert(package.id);
    Ok(response)
}

/// 200 with a page of a list.
pub(crate) fn list(urls: &RegistryUrls, items: &[Listed], links: Links) -> Result<Response<Body>> {
    let items = items.iter().map(|item| {
        Ok(ItemBody {
            id: item.id,
            url: urls.package(item.id),
            web_url: urls.package_web(item.id),
            name: &item.name,
            created_at: rfc3339_millis(item.id.minted_at()),
            version: &item.version,
            digests: item.digests,
        })
    });
    let items = items.collect::<Result<_>>()?;
    let body = ListBody { items, links };
    let mut response = json(StatusCode::OK, &body)?;
    body.links.add_to(&mut response);
    Ok(response)
}

/// 200 with attestations, as they were sent.
pub(crate) fn attestations(attestations: Attestations) -> Response<Body> {
    let mut response = Response::new(Body::Text(attestations.into()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    response
}

/// 200 with the form for an upload.
pub(crate) fn upload(upload: UploadForm) -> Result<Response<Body>> {
    let UploadForm { uri, form } = upload;
    json(StatusCode::OK, &UploadBody { uri, form })
}

/// An error as its answer. Details that only the log has are found there by the request's id.
pub(crate) fn error(error: &Error, request_id: &str) -> Response<Body> {
    let errors = match error {
        Error::Invalid(errors) => Some(errors.as_slice()),
        _ => None,
    };
    let message = message(error, request_id);
    let body = ErrorBody { message, errors };
    let mut response = json(status(error), &body).unwrap_or_else(|_| empty(status(error)));
    add_error_headers(error, &mut response);
    if let Error::Unauthorized(_) = error {
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// The id by which the public service's GraphQL API knows a thing of this kind.
fn graphql_id(kind: &str, id: Uuid) -> String {
    BASE64.encode(format!("{kind}---{id}"))
}
