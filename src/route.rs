//! What a request asks for: the API's table of contents.

use lambda_http::http::Method;

use crate::auth::RegistryPath;
use crate::error::Error;

/// The methods that any path of the API takes.
const METHODS: [Method; 3] = [Method::GET, Method::POST, Method::DELETE];

/// One call of the API, and what its path names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Route<'a> {
    Health,
    Publish(RegistryPath<'a>),
    RequestUpload(RegistryPath<'a>),
    List(RegistryPath<'a>),
    Get(RegistryPath<'a>, &'a str),
    Delete(RegistryPath<'a>, &'a str),
    Copy(RegistryPath<'a>, &'a str),
    Download(RegistryPath<'a>, &'a str),
}

impl<'a> Route<'a> {
    pub(crate) fn of(method: &Method, path: &[&'a str]) -> Option<Self> {
        let (registry, rest) = match path {
            [""] => return (method == Method::GET).then_some(Self::Health),
            [
                "v2",
                "packages",
                "organizations",
                organization,
                "registries",
                registry,
                rest @ ..,
            ] => (
                RegistryPath {
                    organization,
                    registry,
                },
                rest,
            ),
            _ => return None,
        };
        match (method, rest) {
            (&Method::POST, ["packages"]) => Some(Self::Publish(registry)),
            (&Method::GET, ["packages"]) => Some(Self::List(registry)),
            (&Method::POST, ["packages", "upload"]) => Some(Self::RequestUpload(registry)),
            (&Method::GET, ["packages", id]) => Some(Self::Get(registry, id)),
            (&Method::DELETE, ["packages", id]) => Some(Self::Delete(registry, id)),
            (&Method::POST, ["packages", id, "copy"]) => Some(Self::Copy(registry, id)),
            (&Method::GET, ["packages", id, "download"]) => Some(Self::Download(registry, id)),
            _ => None,
        }
    }

    /// The route's name in the log.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Publish(..) => "packages.publish",
            Self::RequestUpload(..) => "packages.upload",
            Self::List(..) => "packages.list",
            Self::Get(..) => "packages.get",
            Self::Delete(..) => "packages.delete",
            Self::Copy(..) => "packages.copy",
            Self::Download(..) => "packages.download",
        }
    }

    pub(crate) fn registry(self) -> Option<RegistryPath<'a>> {
        match self {
            Self::Health => None,
            Self::Publish(registry)
            | Self::RequestUpload(registry)
            | Self::List(registry)
            | Self::Get(registry, _)
            | Self::Delete(registry, _)
            | Self::Copy(registry, _)
            | Self::Download(registry, _) => Some(registry),
        }
    }
}

/// A path that exists with other methods is a 405 that names them; any other a 404.
pub(crate) fn none(segments: &[&str]) -> Error {
    let mut allow: Vec<_> = METHODS
        .iter()
        .filter(|method| Route::of(method, segments).is_some())
        .map(Method::as_str)
        .collect();
    if allow.first() == Some(&"GET") {
        allow.insert(1, "HEAD");
    }
    if allow.is_empty() {
        Error::NotFound(
            "There is nothing at this address. The API's addresses begin with \
             /v2/packages/organizations/{organization}/registries/{registry}/packages."
                .to_owned(),
        )
    } else {
        Error::MethodNotAllowed(allow.join(", "))
    }
}
