//! `python`: the Simple API (PEP 503, 691, 700, 714), and the form that twine and uv send.

use lambda_http::http::Method;

use super::{Protocol, Refusal, Route};
use crate::ecosystem::Ecosystem;
use crate::indexes::Renderer;

mod accept;
mod files;
mod json;
mod names;
mod page;
mod project;
mod rendering;
mod upload;

/// Renderers of a registry's indexes.
pub(super) const RENDERERS: &[&dyn Renderer] = &[&names::ProjectNames];

pub(super) const PROTOCOL: Protocol = Protocol {
    ecosystem: Ecosystem::Python,
    routes: &[
        Route::read(Method::GET, "/pypi/simple/", "PythonNames", |request| {
            Box::pin(names::answer(request))
        }),
        Route::read(Method::GET, "/pypi/simple", "PythonNames", |request| {
            Box::pin(page::redirect_to_names(request))
        }),
        Route::read(Method::GET, "/pypi/simple/{name}/", "PythonPage", |request| {
            Box::pin(page::answer(request))
        }),
        Route::read(Method::GET, "/pypi/simple/{name}", "PythonPage", |request| {
            Box::pin(page::redirect_to_normal(request))
        }),
        Route::read(
            Method::GET,
            "/pypi/files/{id}/{filename}",
            "PythonFile",
            |request| Box::pin(files::answer(request)),
        ),
        Route::read(Method::GET, "/pypi/{name}/json", "PythonJson", |request| {
            Box::pin(json::answer(request))
        }),
        Route::change(Method::POST, "/pypi/", "PythonUpload", |request| {
            Box::pin(upload::answer(request))
        }),
        Route::change(Method::POST, "/pypi", "PythonUpload", |request| {
            Box::pin(upload::answer(request))
        }),
    ],
    token_settings: "pip and uv send the one in the address of the index, twine the one in TWINE_PASSWORD, and `uv publish` \
                     the one in UV_PUBLISH_TOKEN.",
    refusal: Refusal::plain,
};
