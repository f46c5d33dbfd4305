//! What a request asks for: the API's table of contents.

use lambda_http::http::Method;

use crate::auth::RegistryPath;
use crate::error::Error;

/// Every call of the API: its method, its path, its page. `openapi.yaml` describes the same.
#[rustfmt::skip]
pub(crate) const ROUTES: &[(Method, &str, Page)] = &[
    (Method::GET,    "/",                                                                                       Page::Health),
    (Method::GET,    "/openapi.yaml",                                                                           Page::OpenApi),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Page::ListPackages),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages",                Page::PublishPackage),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/upload",         Page::RequestUpload),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Page::GetPackage),
    (Method::DELETE, "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}",           Page::DeletePackage),
    (Method::POST,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/copy",      Page::CopyPackage),
    (Method::GET,    "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Page::DownloadPackage),
    (Method::HEAD,   "/v2/packages/organizations/{organization}/registries/{registry}/packages/{id}/download",  Page::DescribeFile),
];

/// One page of the API's documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Health,
    OpenApi,
    ListPackages,
    PublishPackage,
    RequestUpload,
    GetPackage,
    DeletePackage,
    CopyPackage,
    DownloadPackage,
    DescribeFile,
}

impl Page {
    /// Whether the call changes something, or prepares a change.
    pub(crate) fn changes(self) -> bool {
        match self {
            Self::PublishPackage | Self::RequestUpload | Self::DeletePackage | Self::CopyPackage => true,
            Self::Health
            | Self::OpenApi
            | Self::ListPackages
            | Self::GetPackage
            | Self::DownloadPackage
            | Self::DescribeFile => false,
        }
    }
}

/// A page, and what the path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) page: Page,
    /// Empty where the path names none.
    pub(crate) registry: RegistryPath<'a>,
    /// Empty where the path names none.
    pub(crate) id: &'a str,
}

impl<'a> Route<'a> {
    /// The page for `method` and `path`. HEAD is answered as GET is, unless it has a page of its own.
    ///
    /// # Errors
    /// A path that exists with other methods is a 405 that names them; any other a 404.
    pub(crate) fn of(method: &Method, path: &'a str) -> Result<Self, Error> {
        // Of the paths that it could be, the first: `upload` is no package's id.
        let Some((_, template, _)) = ROUTES
            .iter()
            .find(|(_, template, _)| names(template, path).is_some())
        else {
            return Err(Error::NotFound(
                "There is nothing at this address. The API's addresses begin with \
                 /v2/packages/organizations/{organization}/registries/{registry}/packages; \
                 GET /openapi.yaml describes all of them."
                    .to_owned(),
            ));
        };
        let (registry, id) = names(template, path).unwrap_or_default();
        let pages = || ROUTES.iter().filter(|(_, other, _)| other == template);
        let of = |method| pages().find(|(own, _, _)| own == method);
        let as_get = || of(&Method::GET).filter(|_| method == Method::HEAD);
        if let Some((_, _, page)) = of(method).or_else(as_get) {
            return Ok(Self {
                page: *page,
                registry,
                id,
            });
        }
        let mut allow = Vec::new();
        for (method, _, _) in pages().filter(|(method, _, _)| method != Method::HEAD) {
            allow.push(method.as_str());
            allow.extend((method == Method::GET).then_some("HEAD"));
        }
        Err(Error::MethodNotAllowed(allow.join(", ")))
    }
}

/// What `path` has in the places of the template's braces, if it is such a path.
fn names<'a>(template: &str, path: &'a str) -> Option<(RegistryPath<'a>, &'a str)> {
    let mut registry = RegistryPath::default();
    let mut id = "";
    let mut segments = path.split('/');
    for expected in template.split('/') {
        let segment = segments.next()?;
        match expected {
            "{organization}" if !segment.is_empty() => registry.organization = segment,
            "{registry}" if !segment.is_empty() => registry.registry = segment,
            "{id}" if !segment.is_empty() => id = segment,
            fixed if fixed == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some((registry, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGES: &str = "/v2/packages/organizations/o/registries/r/packages";

    fn page(method: &Method, path: &str) -> Result<Page, String> {
        Route::of(method, path)
            .map(|route| route.page)
            .map_err(|error| match error {
                Error::MethodNotAllowed(allow) => allow,
                error => error.status().to_string(),
            })
    }

    #[test]
    fn a_path_and_a_method_have_one_page() {
        let path = format!("{PACKAGES}/i/copy");
        let route = Route::of(&Method::POST, &path).unwrap();
        let registry = RegistryPath {
            organization: "o",
            registry: "r",
        };
        assert_eq!(
            route,
            Route {
                page: Page::CopyPackage,
                registry,
                id: "i"
            }
        );
        assert_eq!(page(&Method::HEAD, "/"), Ok(Page::Health));
        assert_eq!(
            page(&Method::POST, &format!("{PACKAGES}/upload")),
            Ok(Page::RequestUpload)
        );
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
        let mut routes: Vec<_> = ROUTES
            .iter()
            .map(|(method, path, _)| (method.to_string(), *path))
            .collect();
        described.sort();
        routes.sort();
        assert_eq!(described, routes);
    }

    #[test]
    fn other_methods_are_told_and_other_paths_are_not_there() {
        assert_eq!(page(&Method::PUT, PACKAGES), Err("GET, HEAD, POST".to_owned()));
        assert_eq!(page(&Method::POST, "/"), Err("GET, HEAD".to_owned()));
        let upload = format!("{PACKAGES}/upload");
        assert_eq!(page(&Method::GET, &upload), Err("POST".to_owned()));
        for path in [
            "",
            "//",
            "/v2",
            &format!("{PACKAGES}/"),
            &format!("{PACKAGES}//copy"),
            "/v2/packages/organizations/o",
        ] {
            assert_eq!(
                page(&Method::GET, path),
                Err("404 Not Found".to_owned()),
                "{path}"
            );
        }
    }
}
