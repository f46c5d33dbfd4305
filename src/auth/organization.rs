//! Authorization for calls that name an organization and none of its registries.

use uuid::Uuid;

use super::caller::check_permissions;
use super::{current, no_organization};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::path::OrganizationPath;
use crate::permission::Permission;
use crate::records::keys::{self, Key};
use crate::records::{Found, Organization, Records, Token};
use crate::secret::Secret;
use crate::slug::Slug;

/// Records that a request may use which is about a whole organization.
#[derive(Debug)]
pub(crate) struct OrganizationAccess {
    pub(crate) token: Token,
    pub(crate) organization: Organization,
}

impl OrganizationAccess {
    /// Whoever makes the request.
    pub(crate) fn actor(&self) -> Actor {
        self.token.actor()
    }

    /// Checks that the token is not restricted to one registry.
    ///
    /// # Errors
    /// [`Error::RestrictedToken`].
    pub(crate) fn check_unrestricted(&self) -> Result<()> {
        match self.token.registry_id {
            None => Ok(()),
            Some(_) => Err(Error::RestrictedToken),
        }
    }
}

/// A request whose token is valid, with its organization's record.
pub(crate) struct IdentifiedInOrganization<'a> {
    token: Token,
    path: &'a OrganizationPath,
    key: Option<Key>,
    found: Found,
}

/// Identifies the token of `secret`, and reads the organization of the path: one consistent read for both.
///
/// # Errors
/// [`Error::Unauthorized`] without a valid token.
pub(crate) async fn identify_in_organization<'a>(
    records: &Records,
    secret: &Secret,
    path: &'a OrganizationPath,
) -> Result<IdentifiedInOrganization<'a>> {
    let by_secret = keys::token_by_secret(&secret.hash());
    // No organization has a name that is not a slug.
    let slug = path.organization.parse::<Slug>().ok();
    let key = slug.as_ref().map(keys::organization);
    let all = [Some(&by_secret), key.as_ref()].into_iter().flatten();
    let mut found = records.find(&all.collect::<Vec<_>>()).await?;
    let token = current(found.take(&by_secret)?)?;
    Ok(IdentifiedInOrganization {
        token,
        path,
        key,
        found,
    })
}

impl IdentifiedInOrganization<'_> {
    /// The id of the request's token.
    pub(crate) fn token_id(&self) -> Uuid {
        self.token.id
    }

    /// Authorizes the request for the organization of its path.
    ///
    /// # Errors
    /// In this order: 404 for another organization, or one that has taken its slug; 403 without a permission.
    pub(crate) fn authorize(mut self, permissions: &[Permission]) -> Result<OrganizationAccess> {
        let token = self.token;
        let organization: Option<Organization> = self.found.take_optional(self.key.as_ref())?;
        // By identity: a slug can be taken again.
        let organization = organization.filter(|organization| organization.id == token.organization_id);
        let organization = organization.ok_or_else(|| no_organization(&self.path.organization))?;
        check_permissions(&token.scopes, permissions)?;
        Ok(OrganizationAccess { token, organization })
    }
}
