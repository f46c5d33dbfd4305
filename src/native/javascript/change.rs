//! Changes that a client makes to a document and sends back: deprecations; removals of versions and packages.

use std::collections::{BTreeMap, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use super::form::Document;
use super::page::read;
use super::{Answer, Request, done, name, packument, tarball};
use crate::auth::Requirements;
use crate::error::{Error, Result};
use crate::formats::javascript::{json, normalized_version};
use crate::id::PackageId;
use crate::packages::{self, TaggedName, changed_meanwhile};
use crate::permission::Permission;
use crate::records::{Deprecation, VersionEntry};

/// Bytes of a reason for a deprecation.
const MAX_REASON_BYTES: usize = 500;

/// Deletions side by side.
const CONCURRENCY: usize = 8;

/// Takes over the reasons for deprecations that differ from ours. An empty one ends a deprecation.
pub(super) async fn deprecate(
    request: &Request<'_>,
    name: &str,
    document: &Document<'_>,
) -> Result<Response<Body>> {
    let (access, name) = read(request, Permission::Publish, name).await?;
    check_revision(&name, request, document.revision.as_deref())?;
    let Some(versions) = document.versions else {
        let message = "The document has no `versions`, so it changes nothing that this registry keeps: who may publish \
                       is a matter of tokens, not of owners.";
        return Err(Error::invalid("versions", "missing", message));
    };
    // Of several members of one version the last counts, as in JavaScript.
    let mut wanted = BTreeMap::new();
    json::members(versions, |version, manifest| {
        let mut reason = None;
        json::members(manifest, |member, value| {
            if member == "deprecated" {
                // Some clients write `false` for none.
                reason = Some(json::text(value).unwrap_or_default().into_owned());
            }
        });
        wanted.extend(normalized_version(version).zip(reason));
    });
    let own: HashMap<&str, &VersionEntry> = name
        .versions
        .iter()
        .map(|own| (own.version.as_str(), &own.entry))
        .collect();
    let mut changes = Vec::new();
    for (version, reason) in &wanted {
        if reason.len() > MAX_REASON_BYTES {
            let message = format!("A deprecation has at most {MAX_REASON_BYTES} bytes. Shorten its text.");
            return Err(Error::invalid("deprecated", "too_long", message));
        }
        let entry = *own
            .get(version.as_str())
            .ok_or_else(|| changed_meanwhile(&name.name))?;
        let reason = Some(reason.as_str()).filter(|reason| !reason.is_empty());
        if entry.deprecated.as_deref() != reason {
            changes.push(Deprecation {
                version: entry,
                reason,
            });
        }
    }
    let (context, registry) = (&request.call.context, &access.registry);
    packages::deprecate(context, registry, &access.actor(), &name.name, &changes).await?;
    done(StatusCode::OK)
}

/// `PUT npm/{name}/-rev/{revision}`: the first step of an unpublish, which leaves out a version. The version is
/// deleted by the second one, which names it: a document that is sent back late must not take others with it.
pub(super) fn prepare(mut request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let body = request.take_body()?;
        let (name, rest) = name::split(request.values)?;
        let (_, name) = read(&request, Permission::Delete, &name).await?;
        check_revision(&name, &request, rest.first().map(String::as_str))?;
        if Document::read(&body)?.versions.is_none() {
            let message = "The document has no `versions`. This registry keeps no owners: who may publish is a matter of \
                           tokens.";
            return Err(Error::invalid("versions", "missing", message));
        }
        done(StatusCode::OK)
    })
}

/// `DELETE …/-/{id}/{file}/-rev/{revision}`: deletes a version.
pub(super) fn unpublish(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let [before @ .., id, file, _revision] = request.values else {
            return Err(Error::Internal("a template without an id".to_owned()));
        };
        let name = name::last(before)?;
        let requirements = Requirements {
            permissions: &[Permission::Delete],
            package: PackageId::in_address(id),
            ..Requirements::default()
        };
        let mut access = request.authorize_with(requirements).await?;
        let package = access.take_package()?;
        tarball::check_address(&package, &name, file)?;
        packages::delete(&request.call.context, &access.registry, &package, &access.actor()).await?;
        done(StatusCode::OK)
    })
}

/// `DELETE npm/{name}/-rev/{revision}`: deletes all versions of a name.
pub(super) fn unpublish_all(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, rest) = name::split(request.values)?;
        let (access, name) = read(&request, Permission::Delete, &name).await?;
        check_revision(&name, &request, rest.first().map(String::as_str))?;
        let (context, registry, by) = (&request.call.context, &access.registry, access.actor());
        let deletions = name.versions.iter().map(|version| {
            let by = &by;
            async move {
                match context.records.package(registry, version.entry.id).await? {
                    Some(package) => match packages::delete(context, registry, &package, by).await {
                        Ok(()) | Err(Error::NotFound(_)) => Ok(()),
                        Err(error) => Err(error),
                    },
                    None => Ok(()),
                }
            }
        });
        let deletions: Vec<_> = deletions.collect();
        stream::iter(deletions)
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await?;
        done(StatusCode::OK)
    })
}

/// Refuses a change of a document that is not the current one any more. Some clients send none.
fn check_revision(name: &TaggedName, request: &Request<'_>, sent: Option<&str>) -> Result<()> {
    match sent {
        Some(sent) if sent != packument::revision(name, &request.root()) => {
            Err(changed_meanwhile(&name.name))
        }
        _ => Ok(()),
    }
}
