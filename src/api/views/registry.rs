//! Bodies of registries.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use uuid::Uuid;

use super::{graphql_id, json};
use crate::error::Result;
use crate::records::Registry;
use crate::slug::Slug;
use crate::urls::Urls;

/// A registry, as the public service shows it. Null and empty texts are what the client sent: it compares.
#[derive(Serialize)]
struct WholeRegistryBody<'a> {
    id: Uuid,
    graphql_id: String,
    slug: &'a Slug,
    url: String,
    web_url: String,
    name: &'a str,
    ecosystem: &'a str,
    description: Option<&'a str>,
    emoji: Option<&'a str>,
    color: Option<&'a str>,
    public: bool,
    oidc_policy: Option<&'a str>,
    team_ids: Option<&'a [String]>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// 200 with a registry.
pub(crate) fn registry(urls: &Urls, registry: &Registry) -> Result<Response<Body>> {
    json(StatusCode::OK, &body(urls, registry))
}

/// 200 with registries.
pub(crate) fn registries(urls: &Urls, registries: &[Registry]) -> Result<Response<Body>> {
    let bodies: Vec<_> = registries.iter().map(|registry| body(urls, registry)).collect();
    json(StatusCode::OK, &bodies)
}

fn body<'a>(urls: &Urls, registry: &'a Registry) -> WholeRegistryBody<'a> {
    let details = &registry.details;
    WholeRegistryBody {
        id: registry.id,
        graphql_id: graphql_id("Registry", registry.id),
        slug: registry.slug(),
        url: urls.registry(&registry.address),
        web_url: urls.registry_web(&registry.address),
        name: registry.name(),
        ecosystem: registry.ecosystem_as_sent(),
        description: details.description.as_deref(),
        emoji: details.emoji.as_deref(),
        color: details.color.as_deref(),
        public: false,
        oidc_policy: details.oidc_policy.as_deref(),
        team_ids: details.team_ids.as_deref(),
        kind: "source",
    }
}
