//! Jobs of build systems: the policy of the registry at hand decides whether they are let in.

use crate::address::RegistryAddress;
use crate::error::{Error, Result};
use crate::oidc::token::UnverifiedToken;
use crate::oidc::{Authority, Identity, Policy};
use crate::path::RegistryPath;
use crate::records::Registry;

/// Checks what can be told of a token before anything is read. Its answer is the same whether or not there is such a
/// registry.
///
/// # Errors
/// [`Error::Unauthorized`]; [`Error::NotFound`] where the path names what cannot be a registry.
pub(super) fn check<'a>(
    authority: Option<&'a Authority>,
    token: &UnverifiedToken,
    path: &RegistryPath,
) -> Result<&'a Authority> {
    let authority = authority.ok_or(Error::Unauthorized(
        "This deployment accepts no OIDC tokens, since it has no configured address for them to name: its \
         operator can set API_BASE_URL. Use a token that begins with `pkgs_`."
            .into(),
    ))?;
    let address = RegistryAddress::parse(&path.organization, &path.registry);
    authority.check(token, &address.ok_or_else(|| no_registry(path))?)?;
    Ok(authority)
}

/// Lets a job in, if the policy of the registry does, with what its statement grants.
///
/// # Errors
/// [`Error::NotFound`], the same for a registry that does not exist and for one whose policy does not name the
/// issuer: whoever makes up an issuer learns nothing. Else [`Error::Unauthorized`], or
/// [`Error::KeysUnavailable`].
pub(super) async fn let_in(
    authority: &Authority,
    token: UnverifiedToken,
    registry: Option<Registry>,
    path: &RegistryPath,
) -> Result<(Identity, Registry)> {
    let registry = registry.ok_or_else(|| no_registry(path))?;
    let policy = Policy::read(registry.details.oidc_policy.as_deref().unwrap_or_default());
    let policy = policy.map_err(|mistakes| {
        let mistakes = Error::Invalid(mistakes);
        Error::Internal(format!(
            "the OIDC policy of {} is not valid: {mistakes}",
            registry.id
        ))
    })?;
    if !policy.names_issuer(token.issuer()) {
        return Err(no_registry(path));
    }
    let identity = authority.authenticate(token, &policy, &registry.address).await?;
    Ok((identity, registry))
}

fn no_registry(path: &RegistryPath) -> Error {
    Error::NotFound(format!(
        "There is no registry `{}` in `{}`, or none whose OIDC policy names the issuer of this token.",
        path.registry, path.organization
    ))
}
