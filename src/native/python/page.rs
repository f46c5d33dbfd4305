//! `GET pypi/simple/{name}/`: the files of a project.

use lambda_http::{Body, Response};

use super::accept::preferred_form;
use super::project::ProjectFiles;
use super::rendering::{Page, encode};
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::http::redirect;
use crate::native::Request;
use crate::permission::Permission;
use crate::records::Registry;

/// Answers the page of a project. One round trip; one more for each thousand files above the first fifty.
pub(super) async fn answer(request: Request<'_>) -> Result<Response<Body>> {
    let name = request.value(0);
    let normal = Ecosystem::Python.normalize(name);
    if name != normal {
        return redirect_to_normal(request).await;
    }
    let context = &request.call.context;
    let (access, first) = request.authorize_with_name(name).await?;
    let form = preferred_form(request.call.headers);
    let root = request.root();
    let mut page = Page::new(form, &root, name);
    let mut pages = ProjectFiles::new(context, &access.registry, name, first);
    while let Some(files) = pages.next().await? {
        for file in &files {
            page.add(file)?;
        }
    }
    if page.is_empty() {
        return Err(not_found(&access.registry, name));
    }
    form.response(page.finish()?)
}

/// The refusal where no file of a project is there.
pub(super) fn not_found(registry: &Registry, name: &str) -> Error {
    Error::NotFound(format!(
        "The registry `{}` has no project `{name}`. Check the name, or the registry that this index is of.",
        registry.address
    ))
}

/// Redirects to the page by the project's normalized name (PEP 503). One round trip.
pub(super) async fn redirect_to_normal(request: Request<'_>) -> Result<Response<Body>> {
    let name = Ecosystem::Python.normalize(request.value(0));
    redirect_to(&request, &format!("simple/{}/", encode(&name))).await
}

/// Redirects to the list of all projects, whose address ends in a slash. One round trip.
pub(super) async fn redirect_to_names(request: Request<'_>) -> Result<Response<Body>> {
    redirect_to(&request, "simple/").await
}

/// Redirects to a path below `pypi/`. One round trip.
pub(super) async fn redirect_to(request: &Request<'_>, path: &str) -> Result<Response<Body>> {
    request.authorize(Permission::Read).await?;
    redirect(&format!("{}/pypi/{path}", request.root()))
}
