//! Tokens of a registry: for installing, so they read the packages of one registry and do nothing else.

use tokio::time::Instant;
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::id::uuid_in_address;
use crate::records::{NewToken, Records, Registry, Token};
use crate::retry::Retry;
use crate::scope::Scope;
use crate::secret::Secret;
use crate::time::has_come;

/// Tokens of a registry: they are listed in one answer.
const MAX_REGISTRY_TOKENS: usize = 1000;
/// Longest description, in bytes.
const MAX_DESCRIPTION_BYTES: usize = 1000;

/// Lists a registry's tokens, oldest first: those of `admin` that are alike, too. One round trip, and more where the
/// tokens of the organization exceed a page of the table.
///
/// By identity: a token of an earlier registry of the same address opens nothing, and is not listed.
pub(crate) async fn registry_tokens(records: &Records, registry: &Registry) -> Result<Vec<Token>> {
    let organization = (registry.organization_id, &registry.address.organization);
    let mut tokens = records.tokens_of(organization).await?;
    tokens.retain(|token| is_of(registry, token));
    Ok(tokens)
}

/// Gets the token that an address calls `id`. One round trip, and none for what is not an id.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn registry_token(records: &Records, registry: &Registry, id: &str) -> Result<Token> {
    let token = match uuid_in_address(id) {
        Some(id) => records.token(&registry.address.organization, id).await?,
        None => None,
    };
    token
        .filter(|token| is_of(registry, token))
        .ok_or_else(|| no_token(registry))
}

/// Creates a token. Answers its secret too, which is stored nowhere. Two round trips.
///
/// # Errors
/// [`Error::Invalid`] where the description is too long, or the registry has as many tokens as it may have;
/// [`Error::NotFound`] where it has been deleted meanwhile.
pub(crate) async fn create_registry_token(
    records: &Records,
    registry: &Registry,
    description: Option<String>,
    by: &Actor,
    retry_until: Instant,
) -> Result<(Token, Secret)> {
    check_description(description.as_deref())?;
    if registry_tokens(records, registry).await?.len() >= MAX_REGISTRY_TOKENS {
        return Err(Error::invalid(
            "registry",
            "full",
            format!("A registry has at most {MAX_REGISTRY_TOKENS} tokens. Delete those that nobody uses."),
        ));
    }
    let new = NewToken {
        scopes: vec![Scope::ReadPackages],
        registry: Some((registry.id, registry.slug().clone())),
        description,
        ..NewToken::default()
    };
    let organization = (registry.organization_id, &registry.address.organization);
    super::create(records, organization, new, by, retry_until).await
}

/// Gives a token another description, or none. Changes nothing where it has that one. One round trip.
///
/// # Errors
/// [`Error::Invalid`] where the description is too long; [`Error::NotFound`] where the token has just been deleted.
pub(crate) async fn describe(
    records: &Records,
    registry: &Registry,
    mut token: Token,
    description: Option<String>,
    by: &Actor,
    retry_until: Instant,
) -> Result<Token> {
    check_description(description.as_deref())?;
    let mut retry = Retry::until(retry_until);
    while token.description != description {
        let described = Token {
            description: description.clone(),
            ..token.clone()
        };
        if records
            .describe_token(&token, &described, by, retry_until)
            .await?
        {
            return Ok(described);
        }
        // Deleted, or described by somebody else at the same time.
        token = current(records, registry, token.id).await?;
        if !retry.again().await {
            return Err(Error::Unavailable(
                "the token's description kept changing".to_owned(),
            ));
        }
    }
    Ok(token)
}

async fn current(records: &Records, registry: &Registry, id: Uuid) -> Result<Token> {
    let token = records.token(&registry.address.organization, id).await?;
    token.ok_or_else(|| no_token(registry))
}

/// Whether the token reads this registry, and does nothing else.
fn is_of(registry: &Registry, token: &Token) -> bool {
    let is_current = token.expires_at.is_none_or(|end| !has_come(end));
    token.registry_id == Some(registry.id) && token.scopes == [Scope::ReadPackages] && is_current
}

fn check_description(description: Option<&str>) -> Result<()> {
    if description.is_none_or(|text| text.len() <= MAX_DESCRIPTION_BYTES) {
        return Ok(());
    }
    Err(Error::invalid(
        "description",
        "too_long",
        format!("`description` has more than {MAX_DESCRIPTION_BYTES} bytes. Send a shorter one."),
    ))
}

fn no_token(registry: &Registry) -> Error {
    Error::NotFound(format!(
        "The registry `{}` has no token of that id. It may have been deleted.",
        registry.slug()
    ))
}
