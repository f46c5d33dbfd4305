//! Who are you, and may you? The caller's secret → a token → what it opens.

use std::time::SystemTime;

use uuid::Uuid;

use crate::address::RegistryAddress;
use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::keys::{self, Key};
use crate::records::{Package, Records, Registry, Token, Upload, Work};
use crate::scope::Scope;
use crate::secret::Secret;
use crate::slug::Slug;

/// The registry that a request's path names, whether or not there is such a one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RegistryPath<'a> {
    pub(crate) organization: &'a str,
    pub(crate) registry: &'a str,
}

/// What a request asks for: beside the registry, what is read in the same breath.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Request<'a> {
    /// The scopes that it takes: of each group, any one.
    pub(crate) scopes: &'a [&'a [Scope]],
    /// A package of the registry.
    pub(crate) package: Option<&'a str>,
    /// An upload to the registry.
    pub(crate) upload: Option<Uuid>,
    /// A second registry of the organization.
    pub(crate) target: Option<&'a str>,
}

/// What the request may use: proven, and read at once.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) token: Token,
    pub(crate) registry: Registry,
    package: Option<Package>,
    target: Option<Registry>,
    /// What became of the upload, if it became anything.
    pub(crate) upload: Option<Upload>,
    /// Mark that the upload is being published at this moment, if it is.
    pub(crate) work: Option<Work>,
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

    /// The second registry.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn target(&mut self, slug: &str) -> Result<Registry> {
        let target = self.target.take().filter(|target| opens(&self.token, target));
        target.ok_or_else(|| no_registry(&self.registry.address.organization, slug))
    }
}

/// Authorizes `request` for the registry of `path`, and finds what it asks for there: one
/// consistent read for all of it.
///
/// # Errors
/// In this order, so that nobody probes for what they may not know of: 401 without a valid token,
/// 404 for another organization, 403 without the scope, 404 for another registry.
pub(crate) async fn enter(
    records: &Records,
    caller: &Caller,
    path: RegistryPath<'_>,
    request: Request<'_>,
) -> Result<Access> {
    let keys = Keys::of(caller.secret()?, path, request);
    let mut found = records.find(&keys.all()).await?;

    let token: Option<Token> = found.take(&keys.token)?;
    let token = token.filter(is_current).ok_or(Error::Unauthorized(
        "This token is unknown here: it has expired or was deleted. Use a current token.",
    ))?;
    caller.recognize(token.id);
    if token.organization.as_str() != path.organization {
        return Err(Error::NotFound(format!(
            "There is no organization `{}`, or none that this token may know of.",
            path.organization
        )));
    }
    let lacks = |group: &&&[Scope]| !group.iter().any(|scope| token.scopes.contains(scope));
    if let Some(&scope) = request.scopes.iter().find(lacks).and_then(|group| group.first()) {
        return Err(Error::Forbidden(scope));
    }
    let registry: Option<Registry> = found.take_any(keys.registry.as_ref())?;
    let registry = registry.filter(|registry| opens(&token, registry));
    let registry = registry.ok_or_else(|| no_registry(&token.organization, path.registry))?;
    let package: Option<Package> = found.take_any(keys.package.as_ref())?;
    let upload: Option<Upload> = found.take_any(keys.upload.as_ref())?;
    let work: Option<Work> = found.take_any(keys.work.as_ref())?;
    // A registry's target may be itself, which has been taken out by now.
    let same = request
        .target
        .is_some_and(|target| target == registry.slug().as_str());
    let target = if same {
        Some(registry.clone())
    } else {
        found.take_any(keys.target.as_ref())?
    };
    Ok(Access {
        package: package.filter(|package| package.registry_id == registry.id),
        upload: upload.filter(|upload| upload.registry_id == registry.id),
        work: work.filter(|work| work.registry_id == registry.id),
        target,
        token,
        registry,
    })
}

/// Where everything lies that a request asks for. What cannot exist by its name has no key.
struct Keys {
    token: Key,
    registry: Option<Key>,
    package: Option<Key>,
    upload: Option<Key>,
    work: Option<Key>,
    target: Option<Key>,
}

impl Keys {
    fn of(secret: &Secret, path: RegistryPath<'_>, request: Request<'_>) -> Self {
        let address = RegistryAddress::parse(path.organization, path.registry);
        let address = address.as_ref();
        let package = request.package.and_then(PackageId::in_address);
        let target = request.target;
        let target = target.and_then(|slug| RegistryAddress::parse(path.organization, slug));
        Self {
            token: keys::token_by_secret(&secret.hash()),
            registry: address.map(keys::registry),
            package: address
                .zip(package)
                .map(|(address, id)| keys::package(address, id)),
            upload: address
                .zip(request.upload)
                .map(|(address, id)| keys::upload(address, id)),
            work: address
                .zip(request.upload)
                .map(|(address, id)| keys::work(address, id)),
            target: target.as_ref().map(keys::registry),
        }
    }

    /// Each once: `DynamoDB` refuses a batch that names a key twice.
    fn all(&self) -> Vec<Key> {
        let target = self
            .target
            .as_ref()
            .filter(|target| Some(*target) != self.registry.as_ref());
        let others = [
            self.registry.as_ref(),
            self.package.as_ref(),
            self.upload.as_ref(),
            self.work.as_ref(),
            target,
        ];
        [Some(&self.token)]
            .into_iter()
            .chain(others)
            .flatten()
            .cloned()
            .collect()
    }
}

fn no_registry(organization: &Slug, registry: &str) -> Error {
    Error::NotFound(format!(
        "There is no registry `{registry}` in `{organization}`, or none that this token may know of."
    ))
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
