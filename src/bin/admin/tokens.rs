//! `admin token`: tokens, which open an organization's registries.

use std::time::{Duration, SystemTime};

use clap::Subcommand;
use packages_api::records::{NewToken, operator_deadline};
use packages_api::time::epoch_seconds;
use packages_api::{RegistryAddress, Scope, Slug, tokens};
use serde_json::json;
use uuid::Uuid;

use crate::Stack;
use crate::operator::parse_name;
use crate::output::{self, Output};

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print its secret, this once
    Create {
        /// The organization's slug
        organization: Slug,
        /// Its permissions: one or more scopes
        #[arg(long = "scope", required = true, num_args = 1..)]
        scopes: Vec<Scope>,
        /// The one registry that it is for
        #[arg(long)]
        registry: Option<Slug>,
        /// How long it lives, such as 90d or 12h; without it, until it is deleted
        #[arg(long, value_parser = lifetime)]
        expires: Option<Duration>,
        /// Its purpose
        #[arg(long)]
        description: Option<String>,
        /// The person or the machine that it is for, by name
        #[arg(long, value_parser = parse_name)]
        name: Option<String>,
        /// That person's e-mail address
        #[arg(long, value_parser = parse_email)]
        email: Option<String>,
    },
    /// List an organization's tokens
    List {
        /// The organization's slug
        organization: Slug,
    },
    /// Delete a token by its id
    Delete {
        /// The organization's slug
        organization: Slug,
        /// The token's id, as `token list` shows it
        id: Uuid,
    },
}

pub(crate) async fn tokens(stack: &Stack, command: TokenCommand) -> Result<Output, lambda_http::Error> {
    let (records, by) = (&stack.records, &stack.operator);
    Ok(match command {
        TokenCommand::Create {
            organization,
            scopes,
            registry,
            expires,
            description,
            name,
            email,
        } => {
            let organization = records.organization(&organization).await?;
            let registry = match registry {
                Some(slug) => {
                    let address = RegistryAddress {
                        organization: organization.slug.clone(),
                        registry: slug,
                    };
                    let registry = records.registry(&address).await?;
                    Some((registry.id, address.registry))
                }
                None => None,
            };
            let new = NewToken {
                scopes,
                registry,
                expires_at: expires.map(|lifetime| epoch_seconds(SystemTime::now() + lifetime)),
                description,
                name,
                email,
            };
            let owner = (organization.id, &organization.slug);
            let (token, secret) = tokens::create(records, owner, new, by, operator_deadline()).await?;
            Output::one(&output::token(&token)).with("token", json!(secret.expose()))
        }
        TokenCommand::List { organization } => {
            let organization = records.organization(&organization).await?;
            let tokens = records.tokens(&organization).await?;
            let tokens: Vec<_> = tokens.iter().map(output::token).collect();
            Output::many(
                &["id", "scopes", "registry", "expires_at", "description", "name"],
                &tokens,
            )
        }
        TokenCommand::Delete { organization, id } => {
            let organization = records.organization(&organization).await?;
            Output::one(&output::token(
                &records.delete_token(&organization, id, by).await?,
            ))
        }
    })
}

fn parse_email(text: &str) -> Result<String, String> {
    const MAX_BYTES: usize = 254;
    let parts = text.split_once('@');
    let has_parts = parts.is_some_and(|(user, domain)| !user.is_empty() && !domain.is_empty());
    let is_plain = |character: char| !character.is_whitespace() && !character.is_control();
    if has_parts && text.len() <= MAX_BYTES && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err(format!("expected an e-mail address of at most {MAX_BYTES} bytes"))
    }
}

fn lifetime(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_hours(100 * 366 * 24);
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let sensible = lifetime > Duration::ZERO && lifetime <= MOST;
    sensible
        .then_some(lifetime)
        .ok_or_else(|| "expected more than nothing and at most 100 years".to_owned())
}
