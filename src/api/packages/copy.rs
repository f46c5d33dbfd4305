//! `POST …/packages/{id}/copy?to={registry}`: the same file as a new package of another registry.

use lambda_http::{Body, Response};

use super::release::{RELEASE_TIME, release};
use super::{Metadata, PUBLISHING, READING, just_deleted};
use crate::api::{Call, Query};
use crate::auth::{self, RegistryPath};
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Copies a package: read on the one, write on the other registry of the same organization and
/// ecosystem. The bytes stay with S3; the rules of a release are those of a publish.
pub(crate) async fn copy(
    call: &Call<'_>,
    path: RegistryPath<'_>,
    id: &str,
    query: Query<'_>,
) -> Result<Response<Body>> {
    let to = query.get("to");
    let to = to.as_deref();
    let request = auth::Request {
        scopes: &[READING, PUBLISHING],
        package: Some(id),
        target: to,
        ..auth::Request::default()
    };
    let mut access = auth::enter(call.records, call.caller, path, request).await?;
    let source = access.package()?;
    let to = to.filter(|to| !to.is_empty()).ok_or_else(|| {
        Error::invalid(
            "to",
            "missing",
            "Name the registry to copy to: …/copy?to={registry}.",
        )
    })?;
    let target = access.target(to)?;
    let from = &access.registry;
    if target.ecosystem != from.ecosystem {
        return Err(Error::invalid(
            "to",
            "other_ecosystem",
            format!(
                "`{}` holds packages of {}, `{}` of {}. Copy to a registry of the same ecosystem.",
                from.slug(),
                from.ecosystem,
                target.slug(),
                target.ecosystem
            ),
        ));
    }
    let metadata = Metadata::of(call, from, &source).await?;
    let package = Package {
        id: PackageId::mint_after(target.id),
        registry_id: target.id,
        published_by: access.token.id,
        ..source.clone()
    };
    tokio::try_join!(
        copy_file(call, from, &source, &target, &package),
        metadata.store(call, &target, package.id)
    )?;
    let deadline = call.deadline_leaving(RELEASE_TIME);
    release(call, &target, &package, metadata, None, deadline).await
}

/// Server-side, and proven to be the same bytes.
async fn copy_file(
    call: &Call<'_>,
    from: &Registry,
    source: &Package,
    to: &Registry,
    package: &Package,
) -> Result<()> {
    let file = ObjectKey::of(Kind::Package, &from.address, source.id);
    let key = ObjectKey::of(Kind::Package, &to.address, package.id);
    let copied = call.files.copy(&file, None, source.size, &key).await?;
    match copied {
        Some(sha256) if sha256 == source.digests.sha256 => Ok(()),
        Some(sha256) => Err(Error::Internal(format!(
            "{} is {sha256} in the bucket",
            source.id
        ))),
        None => Err(just_deleted()),
    }
}
