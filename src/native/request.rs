//! Request of a package manager, as its route sees it.

use bytes::Bytes;
use lambda_http::Body;
use lambda_http::http::Method;

use crate::address::RegistryAddress;
use crate::auth::{Access, Requirements};
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::form;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::records::{Changes, NameEntries, Registry};

/// Records of a name that are read before the caller is authorized: some 64 kB, and 150 kB at most. One more than fifty,
/// because a `Query` that ends at its limit does not tell that nothing follows.
pub(super) const MAX_FIRST_ENTRIES: usize = 51;

/// A request below the root of a registry.
pub(crate) struct Request<'a> {
    pub(crate) call: &'a Call<'a>,
    /// The ecosystem whose protocol this is.
    pub(crate) ecosystem: Ecosystem,
    pub(crate) registry: &'a RegistryPath,
    /// Texts in the places of the template's braces, each decoded once.
    pub(crate) values: &'a [String],
    pub(crate) method: &'a Method,
    pub(crate) body: Body,
}

impl Request<'_> {
    /// The text in the place of the template's brace number `index`, from 0.
    pub(crate) fn value(&self, index: usize) -> &str {
        self.values.get(index).map_or("", String::as_str)
    }

    /// The registry's address, if there could be a registry of these names.
    pub(crate) fn address(&self) -> Option<RegistryAddress> {
        RegistryAddress::parse(&self.registry.organization, &self.registry.registry)
    }

    /// Authorizes the caller for the registry. One round trip.
    ///
    /// # Errors
    /// As of [`Call::authorize`], then 404 where the registry holds packages of another ecosystem.
    pub(crate) async fn authorize(&self, permission: Permission) -> Result<Access> {
        let permissions = &[permission];
        let requirements = Requirements {
            permissions,
            ..Requirements::default()
        };
        self.authorize_with(requirements).await
    }

    /// Authorizes the caller for the registry, and reads what is required in the same round trip.
    ///
    /// # Errors
    /// As of [`Request::authorize`].
    pub(crate) async fn authorize_with(&self, requirements: Requirements<'_>) -> Result<Access> {
        let access = self.call.authorize(self.registry, requirements).await?;
        self.check_ecosystem(&access.registry)?;
        Ok(access)
    }

    /// Authorizes the caller while something is read. Nothing is read without a well-formed credential; a refusal does
    /// not wait for what is read, and so tells nothing of it: neither its error nor its time. It has to be small.
    ///
    /// # Errors
    /// As of [`Request::authorize`], then those of `read`.
    pub(crate) async fn authorize_beside<T>(
        &self,
        permission: Permission,
        read: impl Future<Output = Result<T>>,
    ) -> Result<(Access, T)> {
        self.call.check_credentials()?;
        let (access, read) = tokio::try_join!(self.authorize(permission), async { Ok(read.await) })?;
        Ok((access, read?))
    }

    /// Authorizes the caller for reading while the first records of a name are read. One round trip.
    ///
    /// # Errors
    /// As of [`Request::authorize`].
    pub(crate) async fn authorize_with_name(&self, name: &str) -> Result<(Access, NameEntries)> {
        let address = self.address();
        let first = async {
            match &address {
                None => Ok(NameEntries::default()),
                Some(address) => {
                    let records = &self.call.context.records;
                    records
                        .name_entries(address, self.ecosystem, name, None, MAX_FIRST_ENTRIES)
                        .await
                }
            }
        };
        self.authorize_beside(Permission::Read, first).await
    }

    /// Authorizes the caller while the first changes of the registry are read, from which an index is brought up to
    /// date.
    ///
    /// # Errors
    /// As of [`Request::authorize`].
    pub(crate) async fn authorize_with_changes(&self, permission: Permission) -> Result<(Access, Changes)> {
        let changes = async {
            match self.address() {
                Some(address) => self.call.context.records.first_changes(&address).await,
                None => Ok(Changes::unread()),
            }
        };
        self.authorize_beside(permission, changes).await
    }

    fn check_ecosystem(&self, registry: &Registry) -> Result<()> {
        if registry.ecosystem == self.ecosystem {
            return Ok(());
        }
        Err(Error::NotFound(format!(
            "The registry `{}` holds packages of the ecosystem `{}`, and this address is one of `{}` registries. \
             Use a registry of that ecosystem.",
            registry.address, registry.ecosystem, self.ecosystem
        )))
    }

    /// Absolute address of the registry's native root, without a slash at the end.
    pub(crate) fn root(&self) -> String {
        let RegistryPath {
            organization,
            registry,
        } = self.registry;
        format!("{}/{organization}/{registry}", self.call.urls.api)
    }

    /// Takes the body's bytes, of which nothing is read before the caller sends a well-formed credential.
    ///
    /// # Errors
    /// 401 without one, 400 where the front door destroyed the body, 413 where it is too large, 415 where it is
    /// encoded.
    pub(crate) fn take_body(&mut self) -> Result<Bytes> {
        self.call.check_credentials()?;
        form::bytes(self.call.headers, std::mem::take(&mut self.body))
    }
}
