//! Authorization: the secret of a token, or the token of a job → what it opens.

use uuid::Uuid;

use crate::actor::Actor;
use crate::address::RegistryAddress;
use crate::credentials::Credential;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::oidc::Authority;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::records::keys::{self, Key};
use crate::records::{Found, Package, Records, Registry, ReleaseRecord, Token, UploadState};
use crate::release::Release;
use crate::secret::Secret;
use crate::slug::Slug;
use crate::time::has_come;

mod caller;
mod job;
mod organization;
mod shared_keys;
mod token;

pub(crate) use caller::Caller;
pub(crate) use organization::{OrganizationAccess, identify_in_organization};
pub(crate) use shared_keys::KeysInTable;
pub(crate) use token::identify_token;

/// Permissions that a request needs, and records that are read together with its registry.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Requirements<'a> {
    /// Permissions that the token must have, all of them.
    pub(crate) permissions: &'a [Permission],
    /// A package of the registry.
    pub(crate) package: Option<PackageId>,
    /// An upload to the registry.
    pub(crate) upload: Option<Uuid>,
    /// A second registry of the organization, as the request names it.
    pub(crate) target: Option<&'a str>,
    /// Releases of the registry, by normalized names and versions, no two of them equal.
    pub(crate) releases: &'a [Release],
}

/// Records that a request may use.
#[derive(Debug)]
pub(crate) struct Access {
    caller: Caller,
    pub(crate) registry: Registry,
    /// State of the required upload.
    pub(crate) upload: UploadState,
    package: Option<Package>,
    target: Option<Registry>,
    /// The claims on the required releases, in their order.
    pub(crate) releases: Vec<Option<ReleaseRecord>>,
}

impl Access {
    /// Whoever makes the request.
    pub(crate) fn actor(&self) -> Actor {
        self.caller.actor()
    }

    /// Takes the required package.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn take_package(&mut self) -> Result<Package> {
        self.package.take().ok_or_else(|| {
            Error::NotFound("This registry has no package of that id. It may have been deleted.".to_owned())
        })
    }

    /// Takes the second registry, which the request calls `slug`.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn take_target(&mut self, slug: &str) -> Result<Registry> {
        let target = self.target.take().filter(|target| self.caller.opens(target));
        target.ok_or_else(|| no_registry(&self.registry.address.organization, slug))
    }
}

/// A request whose credential is valid, with all records that were read for it.
pub(crate) struct Identified<'a> {
    caller: Caller,
    path: &'a RegistryPath,
    requirements: Requirements<'a>,
    keys: Keys,
    found: Found,
}

/// Identifies the caller, and reads everything that the request requires: one consistent read for all of it,
/// and one more where the keys of a job's issuer are not in memory.
///
/// # Errors
/// [`Error::Unauthorized`] without a valid credential. To a job, a registry that does not exist and one whose
/// policy does not name its issuer are the same [`Error::NotFound`].
pub(crate) async fn identify<'a>(
    records: &Records,
    authority: Option<&Authority>,
    credential: Credential,
    path: &'a RegistryPath,
    requirements: Requirements<'a>,
) -> Result<Identified<'a>> {
    let (caller, keys, found) = match credential {
        Credential::Secret(secret) => {
            let keys = Keys::of(Some(&secret), path, requirements);
            let mut found = records.find(&keys.all()).await?;
            let token = current(found.take_optional(keys.token.as_ref())?)?;
            (Caller::Token(token.into()), keys, found)
        }
        Credential::Job(token) => {
            let authority = job::check(authority, &token, path)?;
            let keys = Keys::of(None, path, requirements);
            let mut found = records.find(&keys.all()).await?;
            let registry = found.take_optional(keys.registry.as_ref())?;
            let (identity, registry) = job::let_in(authority, *token, registry, path).await?;
            let registry = Box::new(registry);
            (Caller::Job { identity, registry }, keys, found)
        }
    };
    Ok(Identified {
        caller,
        path,
        requirements,
        keys,
        found,
    })
}

impl Identified<'_> {
    /// The caller.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Authorizes the request for the registry of its path.
    ///
    /// # Errors
    /// In this order, so that nobody learns of what they may not know: 404 for another organization,
    /// 403 without a permission, 404 for another registry.
    pub(crate) fn authorize(mut self) -> Result<Access> {
        let caller = self.caller;
        if caller.organization().as_str() != self.path.organization {
            return Err(no_organization(&self.path.organization));
        }
        caller.check_permissions(self.requirements.permissions)?;
        let (keys, found) = (&self.keys, &mut self.found);
        let registry = match &caller {
            Caller::Job { registry, .. } => Some(Registry::clone(registry)),
            Caller::Token(_) => found.take_optional(keys.registry.as_ref())?,
        };
        let registry = registry.filter(|registry| caller.opens(registry));
        let registry = registry.ok_or_else(|| no_registry(caller.organization(), &self.path.registry))?;
        let package: Option<Package> = found.take_optional(keys.package.as_ref())?;
        let upload = UploadState {
            became: found.take_optional(keys.upload.as_ref())?,
            work: found.take_optional(keys.work.as_ref())?,
        };
        // A registry's target may be itself, which has been taken out by now.
        let target = if self.requirements.target == Some(registry.slug().as_str()) {
            Some(registry.clone())
        } else {
            found.take_optional(keys.target.as_ref())?
        };
        let releases = keys.releases.iter().map(|key| found.take(key));
        let of_registry = |release: &ReleaseRecord| release.holds_in(&registry);
        let releases = releases.map(|release| release.map(|release| release.filter(of_registry)));
        let releases = releases.collect::<Result<_>>()?;
        Ok(Access {
            releases,
            package: package.filter(|package| package.registry_id == registry.id),
            upload: upload.of(&registry),
            target,
            caller,
            registry,
        })
    }
}

/// Keys of everything that a request requires. What cannot exist by its name has no key.
struct Keys {
    token: Option<Key>,
    registry: Option<Key>,
    package: Option<Key>,
    upload: Option<Key>,
    work: Option<Key>,
    target: Option<Key>,
    releases: Vec<Key>,
}

impl Keys {
    fn of(secret: Option<&Secret>, path: &RegistryPath, requirements: Requirements<'_>) -> Self {
        let address = RegistryAddress::parse(&path.organization, &path.registry);
        let address = address.as_ref();
        let target = requirements.target;
        let target = target.and_then(|slug| RegistryAddress::parse(&path.organization, slug));
        Self {
            token: secret.map(|secret| keys::token_by_secret(&secret.hash())),
            registry: address.map(keys::registry),
            package: address
                .zip(requirements.package)
                .map(|(address, id)| keys::package(address, id)),
            upload: address
                .zip(requirements.upload)
                .map(|(address, id)| keys::upload(address, id)),
            work: address
                .zip(requirements.upload)
                .map(|(address, id)| keys::work(address, id)),
            target: target.as_ref().map(keys::registry),
            releases: address.map_or_else(Vec::new, |address| {
                let releases = requirements.releases.iter();
                let key = |release: &Release| {
                    let Release {
                        name,
                        version,
                        variant,
                    } = release;
                    keys::release(address, name, version, variant.as_deref())
                };
                releases.map(key).collect()
            }),
        }
    }

    /// Every key once: `DynamoDB` refuses a batch that names one twice.
    fn all(&self) -> Vec<&Key> {
        let target = self
            .target
            .as_ref()
            .filter(|target| Some(*target) != self.registry.as_ref());
        let all = [
            self.token.as_ref(),
            self.registry.as_ref(),
            self.package.as_ref(),
            self.upload.as_ref(),
            self.work.as_ref(),
            target,
        ];
        let all = all.into_iter().flatten();
        all.chain(&self.releases).collect()
    }
}

fn no_organization(organization: &str) -> Error {
    Error::NotFound(format!(
        "There is no organization `{organization}`, or none that this token may know of."
    ))
}

fn no_registry(organization: &Slug, registry: &str) -> Error {
    Error::NotFound(format!(
        "There is no registry `{registry}` in `{organization}`, or none that this token may know of."
    ))
}

/// The token, if there is one that has not expired. The table removes expired tokens too, but some time after.
fn current(token: Option<Token>) -> Result<Token> {
    let is_current = |token: &Token| token.expires_at.is_none_or(|end| !has_come(end));
    token.filter(is_current).ok_or(Error::Unauthorized(
        "This token is unknown here: it has expired or was deleted. Use a current token.".into(),
    ))
}
