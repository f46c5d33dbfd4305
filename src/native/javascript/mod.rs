//! npm's protocol, as npm, pnpm and yarn speak it below `npm/`.
//!
//! A name with a scope is one segment of a path (`@scope%2fname`) or two, so each route with a name has two templates.

use lambda_http::http::{Method, StatusCode};
use lambda_http::{Body, Response};
use serde_json::json;

use super::{Answer, Protocol, Refusal, Request, Route};
use crate::ecosystem::Ecosystem;
use crate::error::Result;
use crate::http;
use crate::indexes::Renderer;

mod change;
mod form;
mod index;
mod name;
mod packument;
mod page;
mod publish;
mod search;
mod service;
mod tags;
mod tarball;

/// Renderers of a registry's indexes.
pub(super) const RENDERERS: &[&dyn Renderer] = &[&index::SearchIndex];

pub(super) const PROTOCOL: Protocol = Protocol {
    ecosystem: Ecosystem::Javascript,
    routes: ROUTES,
    token_settings: "npm, pnpm and yarn 1 send the `_authToken` of this registry's address in .npmrc, yarn 4 the \
                     `npmAuthToken` in .yarnrc.yml.",
    refusal,
};

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route::read(Method::GET,      "/npm/-/ping",                                               "NpmPing",         service::ping),
    Route::read(Method::GET,      "/npm/-/whoami",                                             "NpmWhoami",       service::whoami),
    Route::read(Method::GET,      "/npm/-/v1/search",                                          "NpmSearch",       search::search),
    Route::read(Method::POST,     "/npm/-/npm/v1/security/advisories/bulk",                    "NpmAudit",        service::audit),
    Route::read(Method::POST,     "/npm/-/npm/v1/security/audits",                             "NpmFullAudit",    service::full_audit),
    Route::read(Method::POST,     "/npm/-/npm/v1/security/audits/quick",                       "NpmFullAudit",    service::full_audit),
    Route::read(Method::GET,      "/npm/-/package/{name}/dist-tags",                           "NpmTags",         tags::list),
    Route::read(Method::GET,      "/npm/-/package/@{scope}/{name}/dist-tags",                  "NpmTags",         tags::list),
    Route::change(Method::PUT,    "/npm/-/package/{name}/dist-tags/{tag}",                     "NpmSetTag",       tags::set),
    Route::change(Method::PUT,    "/npm/-/package/@{scope}/{name}/dist-tags/{tag}",            "NpmSetTag",       tags::set),
    Route::change(Method::POST,   "/npm/-/package/{name}/dist-tags/{tag}",                     "NpmSetTag",       tags::set),
    Route::change(Method::POST,   "/npm/-/package/@{scope}/{name}/dist-tags/{tag}",            "NpmSetTag",       tags::set),
    Route::change(Method::DELETE, "/npm/-/package/{name}/dist-tags/{tag}",                     "NpmRemoveTag",    tags::remove),
    Route::change(Method::DELETE, "/npm/-/package/@{scope}/{name}/dist-tags/{tag}",            "NpmRemoveTag",    tags::remove),
    Route::read(Method::GET,      "/npm/{name}/-/{id}/{file}",                                 "NpmTarball",      tarball::download),
    Route::read(Method::GET,      "/npm/@{scope}/{name}/-/{id}/{file}",                        "NpmTarball",      tarball::download),
    Route::change(Method::DELETE, "/npm/{name}/-/{id}/{file}/-rev/{revision}",                 "NpmUnpublish",    change::unpublish),
    Route::change(Method::DELETE, "/npm/@{scope}/{name}/-/{id}/{file}/-rev/{revision}",        "NpmUnpublish",    change::unpublish),
    // Where a scope has a registry of its own, npm puts the whole path of a tarball's address behind that of the registry.
    Route::change(Method::DELETE, "/npm/{organization}/{registry}/npm/{name}/-/{id}/{file}/-rev/{revision}",                 "NpmUnpublish", change::unpublish),
    Route::change(Method::DELETE, "/npm/{organization}/{registry}/npm/@{scope}/{name}/-/{id}/{file}/-rev/{revision}",        "NpmUnpublish", change::unpublish),
    Route::change(Method::DELETE, "/npm/{stage}/{organization}/{registry}/npm/{name}/-/{id}/{file}/-rev/{revision}",         "NpmUnpublish", change::unpublish),
    Route::change(Method::DELETE, "/npm/{stage}/{organization}/{registry}/npm/@{scope}/{name}/-/{id}/{file}/-rev/{revision}","NpmUnpublish", change::unpublish),
    Route::change(Method::PUT,    "/npm/{name}/-rev/{revision}",                               "NpmPrepare",      change::prepare),
    Route::change(Method::PUT,    "/npm/@{scope}/{name}/-rev/{revision}",                      "NpmPrepare",      change::prepare),
    Route::change(Method::DELETE, "/npm/{name}/-rev/{revision}",                               "NpmUnpublishAll", change::unpublish_all),
    Route::change(Method::DELETE, "/npm/@{scope}/{name}/-rev/{revision}",                      "NpmUnpublishAll", change::unpublish_all),
    Route::read(Method::GET,      "/npm/{name}",                                               "NpmPage",         page::page),
    Route::change(Method::PUT,    "/npm/{name}",                                               "NpmPublish",      publish::put),
    Route::read(Method::GET,      "/npm/@{scope}/{name}",                                      "NpmPage",         page::page),
    Route::change(Method::PUT,    "/npm/@{scope}/{name}",                                      "NpmPublish",      publish::put),
    Route::read(Method::GET,      "/npm/{name}/{version}",                                     "NpmPage",         page::page),
    Route::read(Method::GET,      "/npm/@{scope}/{name}/{version}",                            "NpmPage",         page::page),
];

/// A message as npm prints it of a refusal.
fn refusal(message: &str) -> Refusal {
    Refusal {
        content_type: "application/json",
        body: json!({"error": message}).to_string(),
    }
}

/// The answer of a change that was made: clients read no more of it than that there is one.
fn done(status: StatusCode) -> Result<Response<Body>> {
    http::json(status, &json!({"ok": true, "success": true}))
}
