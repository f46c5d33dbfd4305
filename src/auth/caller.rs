//! Callers: who makes a request, and what that lets them do.

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::oidc::Identity;
use crate::permission::Permission;
use crate::records::{Registry, Token};
use crate::scope::Scope;
use crate::slug::Slug;

/// Caller whose credential is valid.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Whoever holds a token of the organization.
    Token(Box<Token>),
    /// A job, at the one registry whose policy let it in.
    Job {
        identity: Identity,
        registry: Box<Registry>,
    },
}

impl Caller {
    /// The caller's organization.
    pub(super) fn organization(&self) -> &Slug {
        match self {
            Self::Token(token) => &token.organization,
            Self::Job { registry, .. } => &registry.address.organization,
        }
    }

    /// Whether the caller is let into this registry, by identity: slugs can be taken again.
    pub(super) fn opens(&self, registry: &Registry) -> bool {
        match self {
            Self::Token(token) => {
                token.organization_id == registry.organization_id
                    && token.registry_id.is_none_or(|id| id == registry.id)
            }
            Self::Job { registry: own, .. } => own.id == registry.id,
        }
    }

    /// Checks that the caller has all of these permissions; the first one that is missing is told.
    pub(super) fn check_permissions(&self, permissions: &[Permission]) -> Result<()> {
        check_permissions(self.scopes(), permissions)
    }

    fn scopes(&self) -> &[Scope] {
        match self {
            Self::Token(token) => &token.scopes,
            Self::Job { identity, .. } => &identity.scopes,
        }
    }

    /// The caller as the doer of a deed.
    pub(super) fn actor(&self) -> Actor {
        match self {
            Self::Token(token) => token.actor(),
            Self::Job { identity, .. } => Actor::Oidc {
                id: identity.id,
                issuer: identity.issuer.clone(),
                subject: identity.subject.clone(),
                statement: identity.statement,
            },
        }
    }
}

/// Checks that the scopes grant all of these permissions; the first one that is missing is told.
pub(super) fn check_permissions(scopes: &[Scope], permissions: &[Permission]) -> Result<()> {
    let mut permissions = permissions.iter();
    match permissions.find(|permission| !permission.is_granted_by(scopes)) {
        None => Ok(()),
        Some(missing) => Err(Error::Forbidden(missing.scope())),
    }
}
