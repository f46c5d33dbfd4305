//! `GET pypi/simple/`: the names of all projects of a registry.

use lambda_http::{Body, Response};
use serde::Serialize;

use super::accept::{Form, preferred_form, tag, tagged};
use super::rendering::{Meta, document, encode, escape, internal};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::indexes::{self, Renderer};
use crate::native::Request;
use crate::native::headers::unchanged;
use crate::permission::Permission;
use crate::records::Package;

/// The one document of the index: a normalized name a line.
const NAMES: &str = "names";

/// Name of what is made of these names, raised with each change of it: the names alone do not tell.
const RENDERING: &str = "simple-1";

/// Renderer of the names of a registry's projects.
#[derive(Debug)]
pub(super) struct ProjectNames;

impl Renderer for ProjectNames {
    fn format(&self) -> &'static str {
        "python-1"
    }

    fn documents(&self) -> &'static [&'static str] {
        &[NAMES]
    }

    fn member(&self, package: &Package, _metadata: &str) -> Result<Vec<u8>, String> {
        Ok(package.version.clone().into_bytes())
    }

    fn render(&self, name: &str, _members: &[&[u8]], documents: &mut [Vec<u8>]) -> Vec<u64> {
        for document in documents {
            document.extend(name.as_bytes());
            document.push(b'\n');
        }
        vec![1]
    }
}

/// The list of projects, as PEP 691 has it.
#[derive(Serialize)]
struct Projects<'a> {
    meta: Meta,
    projects: Vec<Project<'a>>,
}

#[derive(Serialize)]
struct Project<'a> {
    name: &'a str,
}

/// Answers the names of all projects. Two round trips where nothing changed, and a third where neither the client
/// nor this sandbox has them.
pub(super) async fn answer(request: Request<'_>) -> Result<Response<Body>> {
    let (access, changes) = request.authorize_with_changes(Permission::Read).await?;
    let context = &request.call.context;
    let found = indexes::find(context, &access.registry, &ProjectNames, NAMES, changes).await?;
    let (form, root) = (preferred_form(request.call.headers), request.root());
    let tag_of = |names: Digest<32>| {
        let names = names.to_string();
        tag(&[RENDERING, form.content_type(), &root, &names].join("\n"))
    };
    // Before anything is read or written: most requests find what their client has.
    let known = found.gzip_sha256().map(tag_of).transpose()?;
    if let Some(response) = known.and_then(|tag| unchanged(request.call.headers, &tag)) {
        return Ok(response);
    }
    let names = found.read().await?;
    let tag = tag_of(names.gzip_sha256)?;
    let names = String::from_utf8(names.text()?);
    let names = names.map_err(|error| Error::Internal(format!("names of projects: {error}")))?;
    let text = match form {
        Form::Json => {
            let projects = names.lines().map(|name| Project { name }).collect();
            let meta = Meta::default();
            serde_json::to_string(&Projects { meta, projects }).map_err(internal)?
        }
        Form::Html | Form::VersionedHtml => {
            let link = |name| {
                format!(
                    "<a href=\"{root}/pypi/simple/{}/\">{}</a><br>\n",
                    encode(name),
                    escape(name)
                )
            };
            document("Projects", &names.lines().map(link).collect::<String>())
        }
    };
    Ok(tagged(form.content_type(), tag, text))
}
