//! Bodies of a registry's tokens.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use uuid::Uuid;

use super::account::UserBody;
use super::{OrganizationBody, RegistryBody, graphql_id};
use crate::error::Result;
use crate::http::json;
use crate::id::minted_at;
use crate::records::{ActorRecord, Registry, Token};
use crate::secret::Secret;
use crate::time::rfc3339_millis;
use crate::urls::Urls;

/// A token that reads one registry, as the public service shows it.
#[derive(Serialize)]
struct TokenBody<'a> {
    id: Uuid,
    graphql_id: String,
    description: Option<&'a str>,
    url: String,
    created_at: String,
    created_by: Option<UserBody<'a>>,
    organization: OrganizationBody<'a>,
    registry: RegistryBody<'a>,
}

/// A token with its secret.
#[derive(Serialize)]
struct CreatedTokenBody<'a> {
    #[serde(flatten)]
    token: TokenBody<'a>,
    #[serde(rename = "token")]
    secret: &'a str,
}

/// 200 with a new token and its secret.
pub(crate) fn created_registry_token(
    urls: &Urls,
    registry: &Registry,
    token: &Token,
    secret: &Secret,
) -> Result<Response<Body>> {
    let body = CreatedTokenBody {
        token: body(urls, registry, token),
        secret: secret.expose(),
    };
    json(StatusCode::OK, &body)
}

/// 200 with a token.
pub(crate) fn registry_token(urls: &Urls, registry: &Registry, token: &Token) -> Result<Response<Body>> {
    json(StatusCode::OK, &body(urls, registry, token))
}

/// 200 with tokens.
pub(crate) fn registry_tokens(urls: &Urls, registry: &Registry, tokens: &[Token]) -> Result<Response<Body>> {
    let bodies: Vec<_> = tokens.iter().map(|token| body(urls, registry, token)).collect();
    json(StatusCode::OK, &bodies)
}

fn body<'a>(urls: &Urls, registry: &'a Registry, token: &'a Token) -> TokenBody<'a> {
    let below = urls.registry(&registry.address);
    TokenBody {
        id: token.id,
        graphql_id: graphql_id("RegistryToken", token.id),
        description: token.description.as_deref(),
        url: below.token(token.id),
        created_at: rfc3339_millis(minted_at(token.id)),
        created_by: token.created_by.as_ref().map(maker),
        organization: OrganizationBody::of(urls, registry),
        registry: RegistryBody::of(below, registry),
    }
}

/// Whoever made a token. Ids of tokens carry the time of their making; those that are computed from names do not.
fn maker(actor: &ActorRecord) -> UserBody<'_> {
    let is_minted = actor.id.get_version_num() == 7;
    UserBody {
        id: actor.id,
        graphql_id: graphql_id("User", actor.id),
        name: actor.name.as_deref(),
        email: actor.email.as_deref(),
        avatar_url: None,
        created_at: is_minted.then(|| rfc3339_millis(minted_at(actor.id))),
    }
}
