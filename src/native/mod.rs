//! Package managers' own protocols, below `/{organization}/{registry}`: a file or folder an ecosystem.
//!
//! An ecosystem brings one [`Protocol`]: its routes, each beside the function that answers it, and its way to
//! show a message to people. Everything that is the same in all of them is here: credentials, headers, caches and
//! compression. A route does a deed of `packages`, the same one in which the API ends.

use std::pin::Pin;

use lambda_http::http::Method;
use lambda_http::{Body, Response};

use crate::ecosystem::Ecosystem;
use crate::error::Result;
use crate::indexes::Renderer;

mod cross_site;
mod endpoint;
mod file;
mod gzip;
mod headers;
mod javascript;
mod python;
mod range;
mod request;
mod ruby;

pub(crate) use endpoint::Endpoint;
pub(crate) use request::Request;

/// Every protocol. A new one is a file beside this one, and a line here.
pub(crate) const PROTOCOLS: &[&Protocol] = &[&javascript::PROTOCOL, &python::PROTOCOL, &ruby::PROTOCOL];

/// Renderers of the indexes of an ecosystem's registries.
#[must_use]
pub fn renderers(ecosystem: Ecosystem) -> &'static [&'static dyn Renderer] {
    match ecosystem {
        Ecosystem::Alpine
        | Ecosystem::Debian
        | Ecosystem::Files
        | Ecosystem::Helm
        | Ecosystem::Java
        | Ecosystem::Nuget
        | Ecosystem::Redhat
        | Ecosystem::Terraform => &[],
        Ecosystem::Javascript => javascript::RENDERERS,
        Ecosystem::Python => python::RENDERERS,
        Ecosystem::Ruby => &[&ruby::RubyIndex],
    }
}

/// An ecosystem's own protocol.
#[derive(Debug)]
pub(crate) struct Protocol {
    pub(crate) ecosystem: Ecosystem,
    /// Every request of its clients. The first template that fits is taken.
    pub(crate) routes: &'static [Route],
    /// Sentence that a 401 ends with: the settings from which its clients take the token.
    pub(crate) token_settings: &'static str,
    /// The body in which its clients show a message to people.
    pub(crate) refusal: fn(&str) -> Refusal,
}

/// A message in the form that the clients of a protocol show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
}

impl Refusal {
    /// The message alone, as plain text.
    pub(crate) fn plain(message: &str) -> Self {
        Self {
            content_type: "text/plain; charset=utf-8",
            body: format!("{message}\n"),
        }
    }
}

/// Function that answers a request.
pub(crate) type Handler = for<'a> fn(Request<'a>) -> Answer<'a>;

/// Answer of a request that is being worked on.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>>> + Send + 'a>>;

/// One request of a protocol.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Path below `/{organization}/{registry}`, such as `/pypi/simple/{name}/`.
    pub(crate) template: &'static str,
    /// Name in the log, such as `PythonPage`.
    pub(crate) name: &'static str,
    /// Whether it changes something.
    pub(crate) changes: bool,
    pub(crate) answer: Handler,
}

impl Route {
    /// A request that changes nothing.
    pub(crate) const fn read(
        method: Method,
        template: &'static str,
        name: &'static str,
        answer: Handler,
    ) -> Self {
        Self {
            method,
            template,
            name,
            changes: false,
            answer,
        }
    }

    /// A request that changes something.
    pub(crate) const fn change(
        method: Method,
        template: &'static str,
        name: &'static str,
        answer: Handler,
    ) -> Self {
        Self {
            method,
            template,
            name,
            changes: true,
            answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystems_with_renderers_have_changes() {
        for ecosystem in Ecosystem::all() {
            let renders = !renderers(ecosystem).is_empty();
            assert_eq!(renders, ecosystem.has_registry_index(), "{ecosystem}");
        }
    }

    #[test]
    fn protocols_have_one_ecosystem_each() {
        let mut ecosystems: Vec<_> = PROTOCOLS.iter().map(|protocol| protocol.ecosystem).collect();
        ecosystems.sort_unstable_by_key(|ecosystem| ecosystem.as_str());
        ecosystems.dedup();
        assert_eq!(ecosystems.len(), PROTOCOLS.len());
    }
}
