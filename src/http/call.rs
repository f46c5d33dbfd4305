//! One call: the caller's headers, the storage that is worked on, the addresses that are answered.

use std::sync::OnceLock;

use lambda_http::http::HeaderMap;
use uuid::Uuid;

use super::Query;
use crate::auth::{self, Access, Caller, OrganizationAccess, Requirements};
use crate::credentials::{self, Credential, Schemes};
use crate::error::Result;
use crate::oidc::{Authority, Identity};
use crate::packages::Context;
use crate::path::{OrganizationPath, PackagePath, RegistryPath};
use crate::permission::Permission;
use crate::records::{Package, Token};
use crate::secret::Secret;
use crate::urls::Urls;

/// A call, as its endpoint sees it.
pub(crate) struct Call<'a> {
    pub(crate) context: Context,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: Query<'a>,
    pub(crate) urls: &'a Urls,
    /// Schemes of `Authorization` that the door takes.
    pub(crate) schemes: Schemes,
    /// Bytes of an answer's body, as the front door carries it; none where it streams.
    pub(crate) max_answer_bytes: Option<usize>,
    /// Verification of jobs' tokens, if there can be any.
    pub(crate) authority: Option<&'a Authority>,
    /// The id of the caller's token, for the log: known once its record has been read.
    pub(crate) token_id: &'a OnceLock<Uuid>,
    /// The caller where it is a job, for the log: known once a policy has let it in.
    pub(crate) job: &'a OnceLock<Identity>,
}

impl Call<'_> {
    /// Reads the caller's credential, of which nothing is verified.
    ///
    /// # Errors
    /// 401 where there is none, or none that is well-formed.
    fn credential(&self) -> Result<Credential> {
        credentials::read(self.headers, self.schemes)
    }

    /// Checks that the caller sends a well-formed secret, before anything is read.
    ///
    /// # Errors
    /// 401.
    pub(crate) fn check_credentials(&self) -> Result<()> {
        self.credential().map(drop)
    }

    /// The secret that the caller sends, of which nothing is verified.
    ///
    /// # Errors
    /// 401 without a well-formed one, and for the token of a job.
    pub(crate) fn secret(&self) -> Result<Secret> {
        self.credential()?.into_secret()
    }

    /// Identifies the caller by the token alone, for calls about the token itself. One round trip.
    ///
    /// # Errors
    /// 401 without a valid token.
    pub(crate) async fn identify_token(&self) -> Result<Token> {
        let secret = self.secret()?;
        let token = auth::identify_token(&self.context.records, &secret).await?;
        self.token_id.get_or_init(|| token.id);
        Ok(token)
    }

    /// Authorizes the caller for an organization. One round trip, which reads its record too.
    ///
    /// # Errors
    /// In this order: 401 without a valid token, 404 for another organization, 403 without a permission.
    pub(crate) async fn authorize_organization(
        &self,
        path: &OrganizationPath,
        permissions: &[Permission],
    ) -> Result<OrganizationAccess> {
        let secret = self.secret()?;
        let identified = auth::identify_in_organization(&self.context.records, &secret, path).await?;
        self.token_id.get_or_init(|| identified.token_id());
        identified.authorize(permissions)
    }

    /// Authorizes the caller for a registry. One round trip, which reads everything that is required.
    ///
    /// # Errors
    /// In this order: 401 without a valid token, 404 for another organization, 403 without a
    /// permission, 404 for another registry.
    pub(crate) async fn authorize(
        &self,
        path: &RegistryPath,
        requirements: Requirements<'_>,
    ) -> Result<Access> {
        let credential = self.credential()?;
        let records = &self.context.records;
        let identified = auth::identify(records, self.authority, credential, path, requirements).await?;
        match identified.caller() {
            Caller::Token(token) => drop(self.token_id.set(token.id)),
            Caller::Job { identity, .. } => drop(self.job.set(identity.clone())),
        }
        identified.authorize()
    }

    /// Authorizes the caller for a package. One round trip, which reads the package too.
    ///
    /// # Errors
    /// As of [`Call::authorize`], then 404 without such a package.
    pub(crate) async fn authorize_package(
        &self,
        path: &PackagePath,
        permission: Permission,
    ) -> Result<(Access, Package)> {
        let requirements = Requirements {
            permissions: &[permission],
            package: path.id,
            ..Requirements::default()
        };
        let mut access = self.authorize(&path.registry, requirements).await?;
        let package = access.take_package()?;
        Ok((access, package))
    }
}
