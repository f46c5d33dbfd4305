//! `ruby`: RubyGems and Bundler, below `/{organization}/{registry}` itself.
//!
//! Bundler, and `gem install`, read the compact index: `versions`, then `info/{name}` of each gem that is needed.
//! `gem list -r`, `gem fetch` and old clients read the lists of specifications. Either way they name a file by name,
//! version and platform.

use lambda_http::http::Method;

use super::{Protocol, Refusal, Route};
use crate::ecosystem::Ecosystem;

mod compact_index;
mod document;
mod file;
#[cfg(test)]
mod fixtures;
mod gemspec;
mod index;
mod info;
mod lists;
mod marshal;
mod platform;
mod push;
mod root;
mod signin;
mod version;
mod yank;

pub(super) use index::RubyIndex;

pub(super) const PROTOCOL: Protocol = Protocol {
    ecosystem: Ecosystem::Ruby,
    routes: &[
        read("", "RubyRoot", |request| Box::pin(root::root(request))),
        read("/", "RubyRoot", |request| Box::pin(root::root(request))),
        read("/versions", "RubyVersions", |request| {
            Box::pin(lists::text(request, "versions"))
        }),
        read("/names", "RubyNames", |request| {
            Box::pin(lists::text(request, "names"))
        }),
        read("/specs.4.8.gz", "RubySpecs", |request| {
            Box::pin(lists::specifications(request, "specs.4.8"))
        }),
        read("/latest_specs.4.8.gz", "RubySpecs", |request| {
            Box::pin(lists::specifications(request, "latest_specs.4.8"))
        }),
        read("/prerelease_specs.4.8.gz", "RubySpecs", |request| {
            Box::pin(lists::specifications(request, "prerelease_specs.4.8"))
        }),
        read("/info/{name}", "RubyInfo", |request| {
            Box::pin(info::info(request))
        }),
        read("/gems/{file}", "RubyFile", |request| Box::pin(file::gem(request))),
        read("/quick/Marshal.4.8/{file}", "RubySpecification", |request| {
            Box::pin(file::specification(request))
        }),
        push("/api/v1/gems"),
        yank("/api/v1/gems/yank"),
        // `gem` puts a slash between its host and the path, so a host that ends in one has two.
        push("//api/v1/gems"),
        yank("//api/v1/gems/yank"),
        sign_in(Method::POST, "/api/v1/api_key"),
        sign_in(Method::POST, "//api/v1/api_key"),
        sign_in(Method::GET, "/api/v1/api_key"),
        owners(Method::GET, "/api/v1/gems/{name}/owners.yaml"),
        owners(Method::POST, "/api/v1/gems/{name}/owners"),
        owners(Method::DELETE, "/api/v1/gems/{name}/owners"),
    ],
    token_settings: "`gem` sends the one in GEM_HOST_API_KEY, else the one of this host in ~/.gem/credentials; Bundler sends \
                     the one of this host in `bundle config`.",
    refusal: Refusal::plain,
};

const fn read(template: &'static str, name: &'static str, answer: super::Handler) -> Route {
    Route::read(Method::GET, template, name, answer)
}

const fn push(template: &'static str) -> Route {
    Route::change(Method::POST, template, "RubyPush", |request| {
        Box::pin(push::push(request))
    })
}

const fn yank(template: &'static str) -> Route {
    Route::change(Method::DELETE, template, "RubyYank", |request| {
        Box::pin(yank::yank(request))
    })
}

const fn sign_in(method: Method, template: &'static str) -> Route {
    Route::read(method, template, "RubySignIn", |request| {
        Box::pin(signin::key(request))
    })
}

const fn owners(method: Method, template: &'static str) -> Route {
    Route::read(method, template, "RubyOwners", |request| {
        Box::pin(signin::owners(request))
    })
}
