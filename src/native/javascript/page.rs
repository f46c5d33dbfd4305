//! `GET npm/{name}`: a package's document; `GET npm/{name}/{version}`: one of its versions.

use std::pin::pin;

use futures_util::future::{self, Either};
use lambda_http::http::HeaderValue;
use lambda_http::http::header::{ACCEPT, CONTENT_TYPE, ETAG};
use lambda_http::{Body, Response};

use super::packument::{self, ENTRIES, Form};
use super::{Answer, Request, name};
use crate::auth::Access;
use crate::error::{Error, Result};
use crate::http::shown;
use crate::native::headers::unchanged;
use crate::native::request::MAX_FIRST_ENTRIES;
use crate::packages::{self, TaggedName};
use crate::permission::Permission;
use crate::records::TaggedEntries;

/// Media type of abbreviated documents.
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// Answers a package's document, or one of its versions.
pub(super) fn page(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, rest) = name::split(request.values)?;
        match rest.first() {
            None => document(&request, &name).await,
            Some(version) => {
                let (access, name) = read(&request, Permission::Read, &name).await?;
                one(&request, &access, &name, version).await
            }
        }
    })
}

/// Authorizes the caller, and reads the versions and tags of a name. One round trip; two above fifty of them.
///
/// # Errors
/// [`Error::NotFound`] without such a name.
pub(super) async fn read(
    request: &Request<'_>,
    permission: Permission,
    name: &str,
) -> Result<(Access, TaggedName)> {
    let (access, first) = read_first(request, permission, name).await?;
    let name = TaggedName::complete(&request.call.context, &access.registry, name, first).await?;
    Ok((access, name))
}

/// Authorizes the caller, and reads the first versions and tags of a name. One round trip.
async fn read_first(
    request: &Request<'_>,
    permission: Permission,
    name: &str,
) -> Result<(Access, TaggedEntries)> {
    let records = &request.call.context.records;
    let address = request.address();
    let first = async {
        match &address {
            Some(address) => {
                let limit = Some(MAX_FIRST_ENTRIES);
                records.tagged_entries(address, name, None, limit).await
            }
            None => Ok(TaggedEntries::default()),
        }
    };
    request.authorize_beside(permission, first).await
}

/// One round trip where the client holds the document already, or is about to change something; else two. One more
/// for the first document after a publish of a name with many versions, and another where their entries are kept anew.
async fn document(request: &Request<'_>, name: &str) -> Result<Response<Body>> {
    let context = &request.call.context;
    let (access, first) = read_first(request, Permission::Read, name).await?;
    let root = request.root();
    let form = form(request);
    // Where more are to be read, there are so many that their entries are kept: both are read at once.
    let keeps_entries = first.has_more() && form.needs_entries();
    let kept = async {
        if !keeps_entries {
            return Ok(None);
        }
        let kept = packages::kept_entries(context, &access.registry, ENTRIES, name);
        kept.await.map(Some)
    };
    let complete = TaggedName::complete(context, &access.registry, name, first);
    let (complete, kept) = (pin!(complete), pin!(kept));
    let (mut name, kept) = match future::select(complete, kept).await {
        Either::Left((name, kept)) => (name?, Either::Left(kept)),
        Either::Right((kept, complete)) => (complete.await?, Either::Right(future::ready(kept))),
    };
    if form == Form::Full || form == Form::Abbreviated {
        let known = tag(&name, &root, form)?;
        // Known before the document is made; what is made is compared again.
        if let Some(response) = unchanged(request.call.headers, &known) {
            return Ok(response);
        }
    }
    let mut entries = std::collections::HashMap::new();
    if form.needs_entries() {
        let ids: Vec<_> = name.versions.iter().map(|version| version.entry.id).collect();
        let kept = kept.await?;
        entries = packages::entries(context, &access.registry, ENTRIES, &name.name, &ids, kept).await?;
        // Deleted meanwhile, or not there yet: a publish becomes visible record by record.
        name.versions
            .retain(|version| entries.contains_key(&version.entry.id));
        if name.versions.is_empty() {
            return Err(Error::NotFound(format!(
                "All versions of `{}` have just been deleted.",
                name.name
            )));
        }
    }
    let text = packument::render(&name, &entries, &root, form)
        .map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = json(form, text);
    // Of what is shown, not of what was listed.
    response.headers_mut().insert(ETAG, tag(&name, &root, form)?);
    Ok(response)
}

async fn one(
    request: &Request<'_>,
    access: &Access,
    name: &TaggedName,
    version: &str,
) -> Result<Response<Body>> {
    let Some(version) = name.find(version) else {
        return Err(Error::NotFound(format!(
            "`{}` has no version and no tag `{}`.",
            name.name,
            shown(version)
        )));
    };
    let (context, id) = (&request.call.context, version.entry.id);
    let entry = packages::entry(context, &access.registry, ENTRIES, &name.name, id).await?;
    let entry = entry.ok_or_else(|| {
        Error::NotFound(format!(
            "`{}` {} has just been deleted.",
            name.name, version.version
        ))
    })?;
    let text = packument::rendered_version(&name.name, version, Some(&entry), &request.root(), Form::Full);
    Ok(json(
        Form::Full,
        text.map_err(|error| Error::Internal(error.to_string()))?,
    ))
}

/// The form that the client asks for. Its quality values tell nothing: whoever knows abbreviated documents wants one.
fn form(request: &Request<'_>) -> Form {
    if request
        .call
        .query
        .get("write")
        .is_some_and(|value| value == "true")
    {
        return Form::Changeable;
    }
    let accepted = request.call.headers.get_all(ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    if accepted.any(|value| value.contains(ABBREVIATED)) {
        Form::Abbreviated
    } else {
        Form::Full
    }
}

/// Tag of a document.
fn tag(name: &TaggedName, root: &str, form: Form) -> Result<HeaderValue> {
    let form = if form == Form::Abbreviated { "a" } else { "f" };
    let tag = format!("\"{form}-{}\"", packument::state(name, root));
    HeaderValue::from_str(&tag).map_err(|error| Error::Internal(error.to_string()))
}

fn json(form: Form, text: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(text));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(form.content_type()));
    response
}
