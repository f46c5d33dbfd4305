//! Endpoints of the API, and the call behind each.

use lambda_http::{Body, Response};

use super::{account, audit, packages, registries, service, tokens};
use crate::error::Result;
use crate::http::Call;
use crate::path::{EventPath, OrganizationPath, PackagePath, RegistryPath, TokenPath};

/// One call of the API's documentation, with what its path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    Health,
    OpenApi,
    GetAccessToken,
    EndAccessToken,
    GetUser,
    ListOrganizations,
    GetOrganization(OrganizationPath),
    ListAuditEvents(OrganizationPath),
    GetAuditEvent(EventPath),
    ListRegistries(OrganizationPath),
    CreateRegistry(OrganizationPath),
    GetRegistry(RegistryPath),
    UpdateRegistry(RegistryPath),
    DeleteRegistry(RegistryPath),
    CreateToken(RegistryPath),
    ListTokens(RegistryPath),
    GetToken(TokenPath),
    UpdateToken(TokenPath),
    DeleteToken(TokenPath),
    ListPackages(RegistryPath),
    PublishPackage(RegistryPath),
    RequestUpload(RegistryPath),
    GetPackage(PackagePath),
    DeletePackage(PackagePath),
    CopyPackage(PackagePath),
    DownloadPackage(PackagePath),
    DescribeFile(PackagePath),
    GetAttestations(PackagePath),
}

impl Endpoint {
    /// The endpoint's name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Health => "Health",
            Self::OpenApi => "OpenApi",
            Self::GetAccessToken => "GetAccessToken",
            Self::EndAccessToken => "EndAccessToken",
            Self::GetUser => "GetUser",
            Self::ListOrganizations => "ListOrganizations",
            Self::GetOrganization(_) => "GetOrganization",
            Self::ListAuditEvents(_) => "ListAuditEvents",
            Self::GetAuditEvent(_) => "GetAuditEvent",
            Self::ListRegistries(_) => "ListRegistries",
            Self::CreateRegistry(_) => "CreateRegistry",
            Self::GetRegistry(_) => "GetRegistry",
            Self::UpdateRegistry(_) => "UpdateRegistry",
            Self::DeleteRegistry(_) => "DeleteRegistry",
            Self::CreateToken(_) => "CreateToken",
            Self::ListTokens(_) => "ListTokens",
            Self::GetToken(_) => "GetToken",
            Self::UpdateToken(_) => "UpdateToken",
            Self::DeleteToken(_) => "DeleteToken",
            Self::ListPackages(_) => "ListPackages",
            Self::PublishPackage(_) => "PublishPackage",
            Self::RequestUpload(_) => "RequestUpload",
            Self::GetPackage(_) => "GetPackage",
            Self::DeletePackage(_) => "DeletePackage",
            Self::CopyPackage(_) => "CopyPackage",
            Self::DownloadPackage(_) => "DownloadPackage",
            Self::DescribeFile(_) => "DescribeFile",
            Self::GetAttestations(_) => "GetAttestations",
        }
    }

    /// Whether the call changes something, or prepares a change.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::EndAccessToken
            | Self::CreateRegistry(_)
            | Self::UpdateRegistry(_)
            | Self::DeleteRegistry(_)
            | Self::CreateToken(_)
            | Self::UpdateToken(_)
            | Self::DeleteToken(_)
            | Self::PublishPackage(_)
            | Self::RequestUpload(_)
            | Self::DeletePackage(_)
            | Self::CopyPackage(_) => true,
            Self::Health
            | Self::OpenApi
            | Self::GetAccessToken
            | Self::GetUser
            | Self::ListOrganizations
            | Self::GetOrganization(_)
            | Self::ListAuditEvents(_)
            | Self::GetAuditEvent(_)
            | Self::ListRegistries(_)
            | Self::GetRegistry(_)
            | Self::ListTokens(_)
            | Self::GetToken(_)
            | Self::ListPackages(_)
            | Self::GetPackage(_)
            | Self::DownloadPackage(_)
            | Self::DescribeFile(_)
            | Self::GetAttestations(_) => false,
        }
    }

    /// The organization that the path names.
    pub(crate) fn organization(&self) -> Option<&str> {
        match self {
            Self::GetOrganization(path)
            | Self::ListAuditEvents(path)
            | Self::ListRegistries(path)
            | Self::CreateRegistry(path) => Some(&path.organization),
            Self::GetAuditEvent(path) => Some(&path.organization.organization),
            _ => self.registry().map(|path| path.organization.as_str()),
        }
    }

    /// Whether the call may move gigabytes, and so take longer than a front door waits.
    pub(crate) fn may_outlast_its_client(&self) -> bool {
        matches!(self, Self::PublishPackage(_) | Self::CopyPackage(_))
    }

    /// The registry that the path names.
    pub(crate) fn registry(&self) -> Option<&RegistryPath> {
        match self {
            Self::GetRegistry(path)
            | Self::UpdateRegistry(path)
            | Self::DeleteRegistry(path)
            | Self::CreateToken(path)
            | Self::ListTokens(path)
            | Self::ListPackages(path)
            | Self::PublishPackage(path)
            | Self::RequestUpload(path) => Some(path),
            Self::GetToken(path) | Self::UpdateToken(path) | Self::DeleteToken(path) => Some(&path.registry),
            _ => self.package().map(|path| &path.registry),
        }
    }

    /// The package that the path names.
    pub(crate) fn package(&self) -> Option<&PackagePath> {
        match self {
            Self::GetPackage(path)
            | Self::DeletePackage(path)
            | Self::CopyPackage(path)
            | Self::DownloadPackage(path)
            | Self::DescribeFile(path)
            | Self::GetAttestations(path) => Some(path),
            _ => None,
        }
    }

    /// Answers the call. Calls that move large files may take longer than the gateway waits; all others
    /// end in time.
    pub(crate) async fn answer(&self, call: &Call<'_>, body: Body) -> Result<Response<Body>> {
        let context = &call.context;
        match self {
            Self::Health => service::health(),
            Self::OpenApi => Ok(service::openapi()),
            Self::GetAccessToken => context.in_time(account::get_token(call)).await,
            Self::EndAccessToken => context.in_time(account::end_token(call)).await,
            Self::GetUser => context.in_time(account::user(call)).await,
            Self::ListOrganizations => context.in_time(account::organizations(call)).await,
            Self::GetOrganization(path) => context.in_time(account::organization(call, path)).await,
            Self::ListAuditEvents(path) => context.in_time(audit::list(call, path)).await,
            Self::GetAuditEvent(path) => context.in_time(audit::get(call, path)).await,
            Self::ListRegistries(path) => context.in_time(registries::list(call, path)).await,
            Self::CreateRegistry(path) => context.in_time(registries::create(call, path, body)).await,
            Self::UpdateRegistry(path) => context.in_time(registries::update(call, path, body)).await,
            Self::DeleteRegistry(path) => context.in_time(registries::delete(call, path)).await,
            Self::CreateToken(path) => context.in_time(tokens::create(call, path, body)).await,
            Self::ListTokens(path) => context.in_time(tokens::list(call, path)).await,
            Self::GetToken(path) => context.in_time(tokens::get(call, path)).await,
            Self::UpdateToken(path) => context.in_time(tokens::update(call, path, body)).await,
            Self::DeleteToken(path) => context.in_time(tokens::delete(call, path)).await,
            Self::GetRegistry(path) => context.in_time(registries::get(call, path)).await,
            Self::PublishPackage(path) => packages::publish(call, path, body).await,
            Self::CopyPackage(path) => Box::pin(packages::copy(call, path)).await,
            Self::RequestUpload(path) => context.in_time(packages::request_upload(call, path)).await,
            Self::ListPackages(path) => context.in_time(packages::list(call, path)).await,
            Self::GetPackage(path) => context.in_time(packages::get(call, path)).await,
            Self::DeletePackage(path) => context.in_time(packages::delete(call, path)).await,
            Self::DownloadPackage(path) => context.in_time(packages::download(call, path)).await,
            Self::DescribeFile(path) => context.in_time(packages::describe_file(call, path)).await,
            Self::GetAttestations(path) => context.in_time(packages::attestations(call, path)).await,
        }
    }
}
