//! Endpoint of a request: the API's table of contents, and how a path is matched with it.

use lambda_http::http::Method;

use crate::api::Endpoint;
use crate::error::Error;
use crate::path::{EventPath, OrganizationPath, PackagePath, RegistryPath, TokenPath};
use Make::{Event, Fixed, Organization, Package, Registry, Token};

/// Every call of the API: its method, its path, its endpoint. `openapi.yaml` describes the same.
#[rustfmt::skip]
pub(crate) const API: &[(Method, &str, Make)] = &[
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
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Registry(Endpoint::ListPackages)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Registry(Endpoint::PublishPackage)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/upload",         Registry(Endpoint::RequestUpload)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Package(Endpoint::GetPackage)),
    (Method::DELETE, "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Package(Endpoint::DeletePackage)),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/copy",      Package(Endpoint::CopyPackage)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Package(Endpoint::DownloadPackage)),
    (Method::HEAD,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Package(Endpoint::DescribeFile)),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/attestations",  Package(Endpoint::GetAttestations)),
];

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
                id: id.to_owned(),
            })),
            _ => None,
        }
    }
}

/// The endpoint for `method` and `path`. HEAD is answered as GET is, unless it has an endpoint of its own.
///
/// # Errors
/// A path that exists with other methods is a 405 that names them; any other a 404.
pub(crate) fn endpoint(method: &Method, path: &str) -> Result<Endpoint, Error> {
    // Of the templates that fit, the first: `upload` is not the id of a package.
    let matched = API
        .iter()
        .find_map(|(_, template, _)| Some((*template, match_template(template, path)?)));
    let Some((template, values)) = matched else {
        return Err(Error::NotFound(
            "There is nothing at this address. The API's addresses begin with \
             /v2/packages/organizations/{organization}/registries/{registry}/packages; \
             GET /openapi.yaml describes all of them."
                .to_owned(),
        ));
    };
    let rows = || API.iter().filter(|(_, other, _)| *other == template);
    let row_of = |method| rows().find(|(own, _, _)| own == method);
    let as_get = || row_of(&Method::GET).filter(|_| method == Method::HEAD);
    if let Some((_, _, make)) = row_of(method).or_else(as_get) {
        let made = make.endpoint(&values);
        return made.ok_or_else(|| Error::Internal(format!("{template} does not fit its endpoint")));
    }
    let mut allow = Vec::new();
    for (method, _, _) in rows().filter(|(method, _, _)| method != Method::HEAD) {
        allow.push(method.as_str());
        allow.extend((method == Method::GET).then_some("HEAD"));
    }
    Err(Error::MethodNotAllowed(allow.join(", ")))
}

/// The parts of `path` in the places of the template's braces, if the path fits. None of them is empty.
fn match_template<'a>(template: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let mut values = Vec::new();
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') && !segment.is_empty() {
            values.push(segment);
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::views;

    const PACKAGES: &str = "/v2/packages/organizations/o/registries/r/packages";

    fn registry() -> RegistryPath {
        RegistryPath {
            organization: "o".to_owned(),
            registry: "r".to_owned(),
        }
    }

    /// The endpoint, or the methods of a 405, or the status.
    fn matched(method: &Method, path: &str) -> Result<Endpoint, String> {
        endpoint(method, path).map_err(|error| match error {
            Error::MethodNotAllowed(allow) => allow,
            error => views::status(&error).to_string(),
        })
    }

    #[test]
    fn a_path_and_a_method_have_one_endpoint() {
        let package = PackagePath {
            registry: registry(),
            id: "i".to_owned(),
        };
        let path = format!("{PACKAGES}/i/copy");
        assert_eq!(matched(&Method::POST, &path), Ok(Endpoint::CopyPackage(package)));
        assert_eq!(matched(&Method::HEAD, "/"), Ok(Endpoint::Health));
        assert_eq!(
            matched(&Method::POST, &format!("{PACKAGES}/upload")),
            Ok(Endpoint::RequestUpload(registry()))
        );
    }

    #[test]
    fn every_template_fits_its_endpoint() {
        for (method, template, _) in API {
            let path = template.replace(['{', '}'], "");
            let endpoint = endpoint(method, &path).unwrap();
            assert_eq!(endpoint.registry().is_some(), template.contains("{registry}"));
            assert_eq!(endpoint.package().is_some(), template.contains("{id}"));
        }
    }

    #[test]
    fn the_description_has_the_same_calls() {
        let description: serde_json::Value =
            serde_yaml_ng::from_str(include_str!("../openapi.yaml")).unwrap();
        let mut described = Vec::new();
        for (path, operations) in description["paths"].as_object().unwrap() {
            let methods = operations
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| *key != "parameters");
            described.extend(methods.map(|method| (method.to_uppercase(), path.as_str())));
        }
        let mut routes: Vec<_> = API
            .iter()
            .map(|(method, path, _)| (method.to_string(), *path))
            .collect();
        described.sort();
        routes.sort();
        assert_eq!(described, routes);
    }

    #[test]
    fn other_methods_are_named_and_other_paths_missing() {
        assert_eq!(matched(&Method::PUT, PACKAGES), Err("GET, HEAD, POST".to_owned()));
        assert_eq!(matched(&Method::POST, "/"), Err("GET, HEAD".to_owned()));
        let upload = format!("{PACKAGES}/upload");
        assert_eq!(matched(&Method::GET, &upload), Err("POST".to_owned()));
        for path in [
            "",
            "//",
            "/v2",
            &format!("{PACKAGES}/"),
            &format!("{PACKAGES}//copy"),
            "/v2/packages/organizations/o",
        ] {
            assert_eq!(
                matched(&Method::GET, path),
                Err("404 Not Found".to_owned()),
                "{path}"
            );
        }
    }
}
