//! Endpoint of a request: the tables of contents, and how a path is matched with them.
//!
//! The API's table is here. Those of package managers' protocols stand beside what they answer:
//! `native::PROTOCOLS` lists them.

use lambda_http::http::Method;
use lambda_http::{Body, Response};
use percent_encoding::percent_decode_str;

use crate::api::{Endpoint, views};
use crate::credentials::Schemes;
use crate::error::{Error, NOTHING_HERE, Result};
use crate::http::Call;
use crate::id::PackageId;
use crate::native::{self, PROTOCOLS, Route};
use crate::path::{EventPath, OrganizationPath, PackagePath, RegistryPath, TokenPath};
use crate::slug::is_reserved;
use Make::{Event, Fixed, Organization, Package, Registry, Token};

/// Every call of the API: its method, its path, its endpoint. `openapi.yaml` describes the same. The rows are compared
/// in this order, so those of packages, which are called most, come first.
#[rustfmt::skip]
pub(crate) const API: &[(Method, &str, Make)] = &[
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Registry(Endpoint::ListPackages)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Registry(Endpoint::PublishPackage)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/upload",         Registry(Endpoint::RequestUpload)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Package(Endpoint::GetPackage)),
    (Method::DELETE, "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Package(Endpoint::DeletePackage)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/copy",      Package(Endpoint::CopyPackage)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Package(Endpoint::DownloadPackage)),
    (Method::HEAD,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Package(Endpoint::DescribeFile)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/attestations",  Package(Endpoint::GetAttestations)),
    (Method::GET,    "/",                                                                                       Fixed(Endpoint::Health)),
    (Method::GET,    "/openapi.yaml",                                                                           Fixed(Endpoint::OpenApi)),
    (Method::GET,    "/v2/access-token",                                                                        Fixed(Endpoint::GetAccessToken)),
    (Method::DELETE, "/v2/access-token",                                                                        Fixed(Endpoint::EndAccessToken)),
    (Method::GET,    "/v2/user",                                                                                Fixed(Endpoint::GetUser)),
    (Method::GET,    "/v2/organizations",                                                                       Fixed(Endpoint::ListOrganizations)),
    (Method::GET,    "/v2/organizations/{organization}",                                                        Organization(Endpoint::GetOrganization)),
    (Method::GET,    "/v2/organizations/{organization}/audit_events",                                           Organization(Endpoint::ListAuditEvents)),
    (Method::GET,    "/v2/organizations/{organization}/audit_events/{event}",                                   Event(Endpoint::GetAuditEvent)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries",                                    Organization(Endpoint::ListRegistries)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries",                                    Organization(Endpoint::CreateRegistry)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}",                         Registry(Endpoint::GetRegistry)),
    (Method::PATCH,  "/v2/packages/organizations/{organization}/registries/{registry}",                         Registry(Endpoint::UpdateRegistry)),
    (Method::PUT,    "/v2/packages/organizations/{organization}/registries/{registry}",                         Registry(Endpoint::UpdateRegistry)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}",                         Registry(Endpoint::UpdateRegistry)),
    (Method::DELETE, "/v2/packages/organizations/{organization}/registries/{registry}",                         Registry(Endpoint::DeleteRegistry)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/tokens",                  Registry(Endpoint::CreateToken)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/tokens",                  Registry(Endpoint::ListTokens)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/tokens/{token}",          Token(Endpoint::GetToken)),
    (Method::PATCH,  "/v2/packages/organizations/{organization}/registries/{registry}/tokens/{token}",          Token(Endpoint::UpdateToken)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/tokens/{token}",          Token(Endpoint::UpdateToken)),
    (Method::DELETE, "/v2/packages/organizations/{organization}/registries/{registry}/tokens/{token}",          Token(Endpoint::DeleteToken)),
];

/// The most segments of a template, in any table.
const MAX_SEGMENTS: usize = 13;

/// How an endpoint is made from what its path names.
pub(crate) enum Make {
    /// The path names nothing.
    Fixed(Endpoint),
    /// The path names an organization.
    Organization(fn(OrganizationPath) -> Endpoint),
    /// The path names an audit event of an organization.
    Event(fn(EventPath) -> Endpoint),
    /// The path names a registry.
    Registry(fn(RegistryPath) -> Endpoint),
    /// The path names a token of a registry.
    Token(fn(TokenPath) -> Endpoint),
    /// The path names a package of a registry.
    Package(fn(PackagePath) -> Endpoint),
}

impl Make {
    /// The endpoint, if these values are what the path names.
    fn endpoint(&self, values: &[&str]) -> Option<Endpoint> {
        let registry = |organization: &str, registry: &str| RegistryPath {
            organization: organization.to_owned(),
            registry: registry.to_owned(),
        };
        match (self, values) {
            (Fixed(endpoint), []) => Some(endpoint.clone()),
            (Organization(make), &[organization]) => Some(make(OrganizationPath {
                organization: organization.to_owned(),
            })),
            (Event(make), &[organization, id]) => Some(make(EventPath {
                organization: OrganizationPath {
                    organization: organization.to_owned(),
                },
                id: id.to_owned(),
            })),
            (Registry(make), &[organization, slug]) => Some(make(registry(organization, slug))),
            (Token(make), &[organization, slug, id]) => Some(make(TokenPath {
                registry: registry(organization, slug),
                id: id.to_owned(),
            })),
            (Package(make), &[organization, slug, id]) => Some(make(PackagePath {
                registry: registry(organization, slug),
                id: PackageId::in_address(id),
            })),
            _ => None,
        }
    }
}

/// Endpoint of any door.
#[derive(Debug, Clone)]
pub(crate) enum Matched {
    Api(Endpoint),
    Native(native::Endpoint),
}

/// The endpoint for `method` and `path`. HEAD is answered as GET is, unless it has an endpoint of its own.
///
/// # Errors
/// A path that exists with other methods is a 405 that names them; any other a 404.
pub(crate) fn endpoint(method: &Method, path: &str) -> Result<Matched> {
    let api = API.iter().map(|(method, template, _)| (method, *template));
    if let Some((row, values)) = find(api, method, &segments(path))? {
        let (_, template, make) = &API[row];
        let endpoint = make.endpoint(&values);
        let endpoint =
            endpoint.ok_or_else(|| Error::Internal(format!("{template} does not fit its endpoint")));
        return endpoint.map(Matched::Api);
    }
    match native_endpoint(method, path)? {
        Some(endpoint) => Ok(Matched::Native(endpoint)),
        None => Err(nothing_here(path)),
    }
}

/// The endpoint below a registry's native root, where the path has one.
fn native_endpoint(method: &Method, path: &str) -> Result<Option<native::Endpoint>> {
    let mut parts = path.splitn(4, '/');
    let (Some(""), Some(organization), Some(registry)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    if organization.is_empty() || registry.is_empty() || is_reserved(organization) {
        return Ok(None);
    }
    let below = segments(&path[organization.len() + registry.len() + 2..]);
    for protocol in PROTOCOLS {
        let rows = protocol.routes.iter();
        let rows = rows.map(|Route { method, template, .. }| (method, *template));
        let Some((row, values)) = find(rows, method, &below)? else {
            continue;
        };
        let decoded = values
            .into_iter()
            .map(|value| percent_decode_str(value).decode_utf8());
        // A text that is not UTF-8 names nothing.
        let Ok(values) = decoded.collect::<Result<Vec<_>, _>>() else {
            return Ok(None);
        };
        return Ok(Some(native::Endpoint {
            protocol,
            route: &protocol.routes[row],
            registry: RegistryPath {
                organization: organization.to_owned(),
                registry: registry.to_owned(),
            },
            values: values.into_iter().map(Into::into).collect(),
        }));
    }
    Ok(None)
}

/// The row of a table for `method` and `path`, and the parts of the path in the places of its braces.
///
/// # Errors
/// A path that exists with other methods is a 405 that names them.
fn find<'a, 'p>(
    rows: impl Iterator<Item = (&'a Method, &'a str)> + Clone,
    method: &Method,
    path: &[&'p str],
) -> Result<Option<(usize, Vec<&'p str>)>> {
    // Of the templates that fit, the first: `upload` is not the id of a package.
    let matched = rows
        .clone()
        .find_map(|(_, template)| Some((template, match_template(template, path)?)));
    let Some((template, values)) = matched else {
        return Ok(None);
    };
    let fitting = rows.enumerate().filter(|(_, (_, other))| *other == template);
    let row_of = |method| {
        let mut fitting = fitting.clone();
        fitting.find(|(_, (own, _))| *own == method).map(|(row, _)| row)
    };
    let as_get = || row_of(&Method::GET).filter(|_| method == Method::HEAD);
    if let Some(row) = row_of(method).or_else(as_get) {
        return Ok(Some((row, values)));
    }
    let mut allow = Vec::new();
    for (_, (method, _)) in fitting {
        let answered: &[&str] = if method == Method::GET {
            &["GET", "HEAD"]
        } else {
            &[method.as_str()]
        };
        for method in answered {
            if !allow.contains(method) {
                allow.push(*method);
            }
        }
    }
    Err(Error::MethodNotAllowed(allow.join(", ")))
}

/// A 404 that tells where something lies.
fn nothing_here(path: &str) -> Error {
    let organization = path.split('/').nth(1).unwrap_or_default();
    let reserved = is_reserved(organization) && organization != "v2";
    Error::NotFound(if reserved {
        format!(
            "There is nothing at this address: `{organization}` is reserved, so no package manager reaches an \
             organization of that name. Its packages are below /v2/packages/organizations/{organization}."
        )
    } else {
        NOTHING_HERE.to_owned()
    })
}

impl Matched {
    /// Name in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Api(endpoint) => endpoint.name(),
            Self::Native(endpoint) => endpoint.route.name,
        }
    }

    /// Whether the call changes something, or prepares a change.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Api(endpoint) => endpoint.changes(),
            Self::Native(endpoint) => endpoint.route.changes,
        }
    }

    /// Whether the call may move gigabytes, and so take longer than a front door waits.
    pub(crate) fn may_outlast_its_client(&self) -> bool {
        matches!(self, Self::Api(endpoint) if endpoint.may_outlast_its_client())
    }

    /// Schemes of `Authorization` that the door takes.
    pub(crate) fn schemes(&self) -> Schemes {
        match self {
            Self::Api(_) => Schemes::Bearer,
            Self::Native(_) => Schemes::All,
        }
    }

    /// The organization that the path names.
    pub(crate) fn organization(&self) -> Option<&str> {
        match self {
            Self::Api(endpoint) => endpoint.organization(),
            Self::Native(endpoint) => Some(&endpoint.registry.organization),
        }
    }

    /// The registry that the path names.
    pub(crate) fn registry(&self) -> Option<&RegistryPath> {
        match self {
            Self::Api(endpoint) => endpoint.registry(),
            Self::Native(endpoint) => Some(&endpoint.registry),
        }
    }

    /// The package that the path names by its id.
    pub(crate) fn package(&self) -> Option<&PackagePath> {
        match self {
            Self::Api(endpoint) => endpoint.package(),
            Self::Native(_) => None,
        }
    }

    /// Answers the call.
    pub(crate) async fn answer(
        &self,
        call: &Call<'_>,
        method: &Method,
        body: Body,
    ) -> Result<Response<Body>> {
        match self {
            Self::Api(endpoint) => endpoint.answer(call, body).await,
            Self::Native(endpoint) => endpoint.answer(call, method, body).await,
        }
    }
}

/// An error as its answer, in the words of the door that it belongs to.
pub(crate) fn refuse(matched: Option<&Matched>, error: &Error, request_id: &str) -> Response<Body> {
    match matched {
        Some(Matched::Native(endpoint)) => endpoint.refuse(error, request_id),
        Some(Matched::Api(_)) | None => views::error(error, request_id),
    }
}

/// Segments of a path; of one that is longer than every template, as many as tell that.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').take(MAX_SEGMENTS + 1).collect()
}

/// The segments of a path in the places of the template's braces, if the path fits.
fn match_template<'a>(template: &str, path: &[&'a str]) -> Option<Vec<&'a str>> {
    let expected = || template.as_bytes().split(|byte| *byte == b'/');
    // From their ends: most templates begin alike.
    let mut ends = expected().rev().zip(path.iter().rev());
    if !ends.all(|(expected, segment)| fits(expected, segment)) || expected().count() != path.len() {
        return None;
    }
    let pairs = expected().zip(path);
    let values = pairs.filter(|(expected, _)| expected.ends_with(b"}"));
    Some(values.map(|(_, segment)| *segment).collect())
}

/// Whether a segment of a path may stand where a template has `expected`. In the place of `{…}` it is not empty. In that
/// of `@{…}` it begins with `@`, which clients may encode, and holds no encoded slash: that is a scope with a name.
fn fits(expected: &[u8], segment: &str) -> bool {
    match expected {
        [b'{', ..] => !segment.is_empty(),
        [b'@', b'{', ..] => {
            let begins = segment.starts_with('@') || segment.starts_with("%40");
            begins && !segment.contains("%2F") && !segment.contains("%2f")
        }
        _ => expected == segment.as_bytes(),
    }
}

#[cfg(test)]
mod tests;
