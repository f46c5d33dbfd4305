//! Who are you, and may you? The `Authorization` header → a token → what it opens.

use std::time::SystemTime;

use lambda_http::http::HeaderMap;
use lambda_http::http::header::AUTHORIZATION;

use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::{Package, Records, Registry, Token, keys};
use crate::scope::Scope;
use crate::secret::{InvalidSecret, Secret};
use crate::slug::Slug;

/// The registry that a request's path names, whether or not there is such a one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RegistryPath<'a> {
    pub(crate) organization: &'a str,
    pub(crate) registry: &'a str,
}

/// What the request may use: proven, and read in the same breath.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) token: Token,
    pub(crate) registry: Registry,
    /// The package that was asked for, if this registry has it.
    package: Option<Package>,
}

impl Access {
    /// The package that was asked for.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn package(&mut self) -> Result<Package> {
        self.package.take().ok_or_else(|| {
            Error::NotFound("This registry has no package of that id. It may have been deleted.".to_owned())
        })
    }
}

/// Authorizes a request for `registry`, by any one of `scopes`, and finds `package` there: one
/// consistent read for all of it.
///
/// # Errors
/// In this order, so that nobody probes for what they may not know of: 401 without a valid token,
/// 404 for another organization, 403 without the scope, 404 for another registry.
pub(crate) async fn enter(
    records: &Records,
    headers: &HeaderMap,
    path: RegistryPath<'_>,
    scopes: &[Scope],
    package: Option<&str>,
) -> Result<Access> {
    let secret = secret(headers)?;
    let token_key = keys::token_by_secret(&secret.hash());
    let slugs = path
        .organization
        .parse::<Slug>()
        .ok()
        .zip(path.registry.parse::<Slug>().ok());
    let registry_key = slugs
        .as_ref()
        .map(|(organization, registry)| keys::registry(organization, registry));
    let package_id = package.and_then(|id| id.parse::<PackageId>().ok());
    let package_key = slugs
        .as_ref()
        .zip(package_id)
        .map(|((organization, registry), id)| keys::package(organization, registry, id));
    let wanted: Vec<_> = [Some(&token_key), registry_key.as_ref(), package_key.as_ref()]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let mut found = records.find(&wanted).await?;

    let token: Token = found
        .take(&token_key)?
        .filter(is_current)
        .ok_or(Error::Unauthorized(
            "This token is unknown here: it has expired or was deleted. Use a current token.",
        ))?;
    if token.organization.as_str() != path.organization {
        return Err(Error::NotFound(format!(
            "There is no organization `{}`, or none that this token may know of.",
            path.organization
        )));
    }
    if let Some(first) = scopes.first()
        && !scopes.iter().any(|scope| token.scopes.contains(scope))
    {
        return Err(Error::Forbidden(*first));
    }
    let registry: Option<Registry> = registry_key.map(|key| found.take(&key)).transpose()?.flatten();
    let registry = registry
        .filter(|registry| opens(&token, registry))
        .ok_or_else(|| {
            Error::NotFound(format!(
                "There is no registry `{}` in `{}`, or none that this token may know of.",
                path.registry, path.organization
            ))
        })?;
    let package: Option<Package> = package_key.map(|key| found.take(&key)).transpose()?.flatten();
    Ok(Access {
        package: package.filter(|package| package.registry_id == registry.id),
        token,
        registry,
    })
}

/// The secret that a request carries.
fn secret(headers: &HeaderMap) -> Result<Secret> {
    let header = headers.get(AUTHORIZATION).ok_or(Error::Unauthorized(
        "This request carries no token. Send the header `Authorization: Bearer <token>`.",
    ))?;
    let words = header.to_str().ok().and_then(|text| text.trim().split_once(' '));
    let (_, text) = words
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .ok_or(Error::Unauthorized(
            "The Authorization header is not of the form `Authorization: Bearer <token>`.",
        ))?;
    text.trim().parse().map_err(|mistake| {
        Error::Unauthorized(match mistake {
            InvalidSecret::Form => {
                "This is no token of this registry: they begin with `pkgs_`. Use one made for this organization."
            }
            InvalidSecret::Checksum => {
                "This token is incomplete or has a typing error: its checksum does not hold. Copy it again, whole."
            }
        })
    })
}

/// Whether the token has not expired. The table removes expired tokens too, but some time after.
fn is_current(token: &Token) -> bool {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    token.expires_at.is_none_or(|end| now.as_secs() < end)
}

/// Whether the token is for this registry: by identity, since slugs can be taken again.
fn opens(token: &Token, registry: &Registry) -> bool {
    token.organization_id == registry.organization_id && token.registry_id.is_none_or(|id| id == registry.id)
}
