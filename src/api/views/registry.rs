//! Bodies of registries.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use uuid::Uuid;

use super::graphql_id;
use crate::error::{Error, Result};
use crate::http::json;
use crate::records::Registry;
use crate::release::Reuse;
use crate::slug::Slug;
use crate::urls::Urls;

/// Bytes of a list. Lambda hands on 6 MB, in which every quotation mark of the list takes two.
const MAX_LIST_BYTES: usize = 4 * 1024 * 1024;

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
    /// Left out where nobody chose it, as in every answer before it could be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    reuse: Option<Reuse>,
}

/// 200 with a registry.
pub(crate) fn registry(urls: &Urls, registry: &Registry) -> Result<Response<Body>> {
    let mut response = json(StatusCode::OK, &body(urls, registry))?;
    // The log names the registry that was created.
    response.extensions_mut().insert(registry.slug().clone());
    Ok(response)
}

/// 200 with registries.
///
/// # Errors
/// A 422 where they do not fit into an answer.
pub(crate) fn registries(urls: &Urls, registries: &[Registry]) -> Result<Response<Body>> {
    let bodies: Vec<_> = registries.iter().map(|one| body(urls, one)).collect();
    let response = json(StatusCode::OK, &bodies)?;
    if response.body().len() > MAX_LIST_BYTES {
        return Err(Error::invalid(
            "organization",
            "too_large",
            "The registries of this organization do not fit into one answer. Get them one by one, or shorten \
             their OIDC policies and descriptions.",
        ));
    }
    Ok(response)
}

fn body<'a>(urls: &Urls, registry: &'a Registry) -> WholeRegistryBody<'a> {
    let details = &registry.details;
    let own = urls.registry(&registry.address);
    WholeRegistryBody {
        id: registry.id,
        graphql_id: graphql_id("Registry", registry.id),
        slug: registry.slug(),
        url: own.api,
        web_url: own.web,
        name: registry.name(),
        ecosystem: registry.ecosystem_as_sent(),
        description: details.description.as_deref(),
        emoji: details.emoji.as_deref(),
        color: details.color.as_deref(),
        public: false,
        oidc_policy: details.oidc_policy.as_deref(),
        team_ids: details.team_ids.as_deref(),
        kind: "source",
        reuse: details.reuse,
    }
}
