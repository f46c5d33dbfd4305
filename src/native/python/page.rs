//! `GET pypi/simple/{name}/`: the files of a project.

use lambda_http::http::header::{CONTENT_TYPE, ETAG};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use super::accept::preferred_form;
use super::rendering::Page;
use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::formats::python::NameFacts;
use crate::http::{empty, redirect};
use crate::native::Request;
use crate::packages::NamePages;
use crate::permission::Permission;
use crate::records::NameEntries;

/// Files that are read of a project before the caller is authorized.
const FIRST_ENTRIES: usize = 50;

/// Answers the page of a project. One round trip; one more for each thousand files above the first fifty.
pub(super) async fn answer(request: Request<'_>) -> Result<Response<Body>> {
    let name = request.value(0);
    let normal = Ecosystem::Python.normalize(name);
    if name != normal {
        return redirect_to_normal(request).await;
    }
    let context = &request.call.context;
    let first = async {
        match request.address() {
            Some(address) => {
                let records = &context.records;
                records
                    .name_entries(&address, Ecosystem::Python, name, None, FIRST_ENTRIES)
                    .await
            }
            None => Ok(NameEntries::default()),
        }
    };
    let (access, first) = request.authorize_beside(Permission::Read, first).await?;
    let form = preferred_form(request.call.headers);
    let root = request.root();
    let mut page = Page::new(form, &root, name);
    let mut pages = NamePages::<NameFacts>::new(context, &access.registry, name, first);
    while let Some(packages) = pages.next().await? {
        for package in &packages {
            page.add(package)?;
        }
    }
    if page.is_empty() {
        return Err(Error::NotFound(format!(
            "The registry `{}` has no project `{name}`. Check the name, or the registry that this index is of.",
            access.registry.address
        )));
    }
    let text = page.finish()?;
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    let tag = format!("\"{}\"", Digest::sha256(text.as_bytes()));
    let tag = HeaderValue::from_str(&tag).map_err(|error| Error::Internal(error.to_string()))?;
    headers.insert(ETAG, tag);
    *response.body_mut() = Body::Text(text);
    Ok(response)
}

/// Redirects to the page by the project's normalized name (PEP 503). One round trip.
pub(super) async fn redirect_to_normal(request: Request<'_>) -> Result<Response<Body>> {
    request.authorize(Permission::Read).await?;
    let name = Ecosystem::Python.normalize(request.value(0));
    redirect(&format!(
        "{}/pypi/simple/{}/",
        request.root(),
        super::rendering::encode(&name)
    ))
}
