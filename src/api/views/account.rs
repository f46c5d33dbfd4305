//! Bodies of a token, its user and its organization.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use uuid::Uuid;

use super::graphql_id;
use crate::error::Result;
use crate::http::json;
use crate::id::minted_at;
use crate::records::{Organization, Token};
use crate::slug::Slug;
use crate::time::{from_epoch_seconds, rfc3339_millis};
use crate::urls::Urls;

#[derive(Serialize)]
struct AccessTokenBody<'a> {
    uuid: Uuid,
    scopes: Vec<&'static str>,
    description: Option<&'a str>,
    created_at: String,
    expires_at: Option<String>,
    user: TokenUserBody<'a>,
}

#[derive(Serialize)]
struct TokenUserBody<'a> {
    name: Option<&'a str>,
    email: Option<&'a str>,
}

/// Whoever a token was made for. There are no users beside tokens, so the id is the token's.
#[derive(Serialize)]
pub(super) struct UserBody<'a> {
    pub(super) id: Uuid,
    pub(super) graphql_id: String,
    pub(super) name: Option<&'a str>,
    pub(super) email: Option<&'a str>,
    /// There are no pictures.
    pub(super) avatar_url: Option<&'static str>,
    pub(super) created_at: Option<String>,
}

/// An organization, as the public service shows it. Nothing is behind the addresses of pipelines, agents and emojis.
#[derive(Serialize)]
struct WholeOrganizationBody<'a> {
    id: Uuid,
    graphql_id: String,
    url: String,
    web_url: String,
    name: &'a Slug,
    slug: &'a Slug,
    pipelines_url: String,
    agents_url: String,
    emojis_url: String,
    created_at: String,
}

/// 200 with the caller's token.
pub(crate) fn access_token(token: &Token) -> Result<Response<Body>> {
    let body = AccessTokenBody {
        uuid: token.id,
        scopes: token.scopes.iter().map(|scope| scope.as_str()).collect(),
        description: token.description.as_deref(),
        created_at: rfc3339_millis(minted_at(token.id)),
        expires_at: token
            .expires_at
            .map(|end| rfc3339_millis(from_epoch_seconds(end))),
        user: TokenUserBody {
            name: token.name.as_deref(),
            email: token.email.as_deref(),
        },
    };
    json(StatusCode::OK, &body)
}

/// 200 with whoever the caller's token was made for.
pub(crate) fn user(token: &Token) -> Result<Response<Body>> {
    let body = UserBody {
        id: token.id,
        graphql_id: graphql_id("User", token.id),
        name: token.name.as_deref().or(token.description.as_deref()),
        email: token.email.as_deref(),
        avatar_url: None,
        created_at: Some(rfc3339_millis(minted_at(token.id))),
    };
    json(StatusCode::OK, &body)
}

/// 200 with an organization.
pub(crate) fn organization(urls: &Urls, organization: &Organization) -> Result<Response<Body>> {
    json(StatusCode::OK, &body(urls, organization))
}

/// 200 with organizations.
pub(crate) fn organizations(urls: &Urls, organizations: &[Organization]) -> Result<Response<Body>> {
    let bodies: Vec<_> = organizations.iter().map(|one| body(urls, one)).collect();
    json(StatusCode::OK, &bodies)
}

fn body<'a>(urls: &Urls, organization: &'a Organization) -> WholeOrganizationBody<'a> {
    let Organization { id, slug, .. } = organization;
    let url = urls.organization(slug);
    WholeOrganizationBody {
        id: *id,
        graphql_id: graphql_id("Organization", *id),
        web_url: urls.organization_web(slug),
        name: slug,
        slug,
        pipelines_url: format!("{url}/pipelines"),
        agents_url: format!("{url}/agents"),
        emojis_url: format!("{url}/emojis"),
        created_at: rfc3339_millis(minted_at(*id)),
        url,
    }
}
