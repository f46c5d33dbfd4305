//! Tokens: two records each, found by the secret to authorize and by the id to list and revoke.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::registries::no_organization;
use super::transaction::Outcome;
use super::{Action, AuditEvent, Organization, Records, keys, operator_deadline, to_item};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::scope::Scope;
use crate::secret::Secret;
use crate::slug::Slug;

/// A token. Only the SHA-256 of its secret is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its identity; it carries the time of its making.
    pub id: Uuid,
    /// Its organization, by identity.
    pub organization_id: Uuid,
    /// Its organization's slug.
    pub organization: Slug,
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// The only registry that it opens, by identity: it opens no successor of that one.
    pub registry_id: Option<Uuid>,
    /// That registry's slug.
    pub registry: Option<Slug>,
    /// Its end, in seconds since 1970; the table removes it some time later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// Its purpose, in the operator's words.
    pub description: Option<String>,
    /// The SHA-256 of its secret.
    pub hash: Digest<32>,
    /// The name of the person or the machine that it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The e-mail address of whoever it was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl Token {
    /// Whoever holds the token, as the doer of a deed.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Token {
            id: self.id,
            name: self.name.as_ref().or(self.description.as_ref()).cloned(),
            email: self.email.clone(),
        }
    }
}

/// Properties of a token that is to be created.
#[derive(Debug, Clone, Default)]
pub struct NewToken {
    /// Its scopes.
    pub scopes: Vec<Scope>,
    /// The only registry that it opens: its identity and slug.
    pub registry: Option<(Uuid, Slug)>,
    /// Its end, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// Its purpose, in the operator's words.
    pub description: Option<String>,
    /// The name of the person or the machine that it is made for.
    pub name: Option<String>,
    /// The e-mail address of whoever it is made for.
    pub email: Option<String>,
}

impl Records {
    /// Creates a token with `secret`.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the organization is not there (any more), [`Error::Conflict`] where
    /// a token with this secret exists.
    pub async fn create_token(
        &self,
        organization: &Organization,
        secret: &Secret,
        new: NewToken,
        by: &Actor,
    ) -> Result<Token> {
        let (registry_id, registry) = new.registry.unzip();
        let token = Token {
            id: Uuid::now_v7(),
            organization_id: organization.id,
            organization: organization.slug.clone(),
            scopes: new.scopes,
            registry_id,
            registry,
            expires_at: new.expires_at,
            description: new.description,
            hash: secret.hash(),
            name: new.name,
            email: new.email,
        };
        let put = |key: keys::Key| {
            let item = to_item(&key, &token)?;
            self.transaction_items()
                .put(item, |put| put.condition_expression("attribute_not_exists(pk)"))
        };
        let event = AuditEvent::of_token(Action::TokenCreated, by, &token);
        let items = vec![
            self.transaction_items()
                .check(&keys::organization(&organization.slug), |check| {
                    check
                        .condition_expression("id = :id")
                        .expression_attribute_values(":id", AttributeValue::S(organization.id.to_string()))
                })?,
            put(keys::token_by_secret(&token.hash))?,
            put(keys::token_by_id(&organization.slug, token.id))?,
            self.audit_put(organization.id, &event)?,
        ];
        match self.transact_fenced(items, token.id, operator_deadline()).await? {
            Outcome::Applied => Ok(token),
            Outcome::Refused(reasons) if super::transaction::refused(&reasons, 0) => {
                Err(no_organization(&organization.slug))
            }
            Outcome::Refused(_) => Err(Error::Conflict(
                "A token with this secret exists already.".to_owned(),
            )),
        }
    }

    /// An organization's tokens, oldest first.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub async fn tokens(&self, organization: &Organization) -> Result<Vec<Token>> {
        let partition = keys::organization_partition(&organization.slug);
        let all: Vec<Token> = self.all(&partition, keys::TOKEN_PREFIX).await?;
        Ok(all
            .into_iter()
            .filter(|token| token.organization_id == organization.id)
            .collect())
    }

    /// Deletes a token, which is valid no longer.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete_token(&self, organization: &Organization, id: Uuid, by: &Actor) -> Result<Token> {
        let key = keys::token_by_id(&organization.slug, id);
        let not_found = || Error::NotFound(format!("There is no token `{id}` in `{}`.", organization.slug));
        let token: Token = self.get(&key).await?.ok_or_else(not_found)?;
        let delete = |key: &keys::Key| {
            self.transaction_items().delete(key, |delete| {
                delete
                    .condition_expression("attribute_not_exists(pk) OR id = :id")
                    .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            })
        };
        let event = AuditEvent::of_token(Action::TokenDeleted, by, &token);
        let items = vec![
            delete(&keys::token_by_secret(&token.hash))?,
            delete(&key)?,
            self.audit_put(token.organization_id, &event)?,
        ];
        // A late attempt finds nothing: no token of this id is ever made again.
        match self
            .transaction(items, Uuid::now_v7())
            .send(operator_deadline())
            .await?
        {
            Outcome::Applied => Ok(token),
            Outcome::Refused(_) => Err(not_found()),
        }
    }
}
