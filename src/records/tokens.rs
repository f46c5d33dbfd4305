//! Tokens: two records each, found by the secret to authorize and by the id to list and revoke.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{self, Key};
use super::registries::no_organization;
use super::transaction::{Outcome, refused};
use super::{Action, ActorRecord, AuditEvent, Organization, Records, operator_deadline, to_item};
use crate::actor::Actor;
use crate::address::RegistryAddress;
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
    /// Whoever made it; 0.1.0's first records do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) created_by: Option<ActorRecord>,
}

/// Position of the check of the token's registry among the items that create it.
const REGISTRY: usize = 3;

impl Token {
    /// Keys of its two records: by its secret, and by its id.
    fn keys(&self) -> [Key; 2] {
        [
            keys::token_by_secret(&self.hash),
            keys::token_by_id(&self.organization, self.id),
        ]
    }

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
    /// Creates a token with `secret`, for an operator.
    ///
    /// # Errors
    /// As of [`Records::insert_token`].
    pub async fn create_token(
        &self,
        organization: &Organization,
        secret: &Secret,
        new: NewToken,
        by: &Actor,
    ) -> Result<Token> {
        let organization = (organization.id, &organization.slug);
        self.insert_token(organization, secret, new, by, operator_deadline())
            .await
    }

    /// Creates a token with `secret`, of an organization that is given by its id and slug.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the organization or the token's registry is not there (any more),
    /// [`Error::Conflict`] where a token with this secret exists.
    pub(crate) async fn insert_token(
        &self,
        (organization_id, organization): (Uuid, &Slug),
        secret: &Secret,
        new: NewToken,
        by: &Actor,
        deadline: Instant,
    ) -> Result<Token> {
        let (registry_id, registry) = new.registry.unzip();
        let token = Token {
            id: Uuid::now_v7(),
            organization_id,
            organization: organization.clone(),
            scopes: new.scopes,
            registry_id,
            registry,
            expires_at: new.expires_at,
            description: new.description,
            hash: secret.hash(),
            name: new.name,
            email: new.email,
            created_by: Some(ActorRecord::of(by)),
        };
        let (items, registry) = self.insertion(&token, by)?;
        match self.transact_fenced(items, token.id, deadline).await? {
            Outcome::Applied => Ok(token),
            Outcome::Refused(reasons) if refused(&reasons, 0) => Err(no_organization(organization)),
            Outcome::Refused(reasons) if refused(&reasons, REGISTRY) && registry.is_some() => {
                Err(Error::NotFound(format!(
                    "There is no registry `{}`.",
                    token.registry.as_ref().map_or("", Slug::as_str)
                )))
            }
            Outcome::Refused(_) => Err(Error::Conflict(
                "A token with this secret exists already.".to_owned(),
            )),
        }
    }

    /// Items that create a token, and the key of its registry, which must be there.
    fn insertion(&self, token: &Token, by: &Actor) -> Result<(Vec<TransactWriteItem>, Option<Key>)> {
        let writes = self.transaction_items();
        let there = |key: &Key, id: Uuid| {
            writes.check(key, |check| {
                check
                    .condition_expression("id = :id")
                    .expression_attribute_values(":id", AttributeValue::S(id.to_string()))
            })
        };
        let mut items = vec![there(
            &keys::organization(&token.organization),
            token.organization_id,
        )?];
        for key in token.keys() {
            items.push(writes.put(to_item(&key, token)?, |put| {
                put.condition_expression("attribute_not_exists(pk)")
            })?);
        }
        let registry = token.registry.as_ref().map(|slug| {
            keys::registry(&RegistryAddress {
                organization: token.organization.clone(),
                registry: slug.clone(),
            })
        });
        if let Some((key, id)) = registry.as_ref().zip(token.registry_id) {
            items.push(there(key, id)?);
        }
        let event = AuditEvent::of_token(Action::TokenCreated, by, token);
        items.push(self.audit_put(token.organization_id, &event)?);
        Ok((items, registry))
    }

    /// An organization's tokens, oldest first.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub async fn tokens(&self, organization: &Organization) -> Result<Vec<Token>> {
        self.tokens_of((organization.id, &organization.slug)).await
    }

    /// The tokens of an organization that is given by its id and slug, oldest first.
    pub(crate) async fn tokens_of(&self, (id, organization): (Uuid, &Slug)) -> Result<Vec<Token>> {
        let partition = keys::organization_partition(organization);
        let mut tokens: Vec<Token> = self.all(&partition, keys::TOKEN_PREFIX).await?;
        tokens.retain(|token| token.organization_id == id);
        Ok(tokens)
    }

    /// The token of this id, which an organization of this slug has or had.
    pub(crate) async fn token(&self, organization: &Slug, id: Uuid) -> Result<Option<Token>> {
        self.get(&keys::token_by_id(organization, id)).await
    }

    /// Makes the description of `before` that of `after`, unless it has been changed, or the token deleted, since it
    /// was read. Answers whether it was done.
    ///
    /// A late attempt finds another description, or the one that it would write.
    pub(crate) async fn describe_token(
        &self,
        before: &Token,
        after: &Token,
        by: &Actor,
        deadline: Instant,
    ) -> Result<bool> {
        let text = |token: &Token| {
            let description = token.description.clone();
            description.map_or(AttributeValue::Null(true), AttributeValue::S)
        };
        let writes = self.transaction_items();
        let mut items = Vec::new();
        for key in before.keys() {
            items.push(writes.update(&key, |update| {
                update
                    .update_expression("SET description = :after")
                    .condition_expression("id = :id AND description = :before")
                    .expression_attribute_values(":id", AttributeValue::S(before.id.to_string()))
                    .expression_attribute_values(":before", text(before))
                    .expression_attribute_values(":after", text(after))
            })?);
        }
        let event = AuditEvent::of_token(Action::TokenUpdated, by, after);
        items.push(self.audit_put(before.organization_id, &event)?);
        let outcome = self.transaction(items, Uuid::now_v7()).send(deadline).await?;
        Ok(matches!(outcome, Outcome::Applied))
    }

    /// Deletes a token by its id, for an operator.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn delete_token(&self, organization: &Organization, id: Uuid, by: &Actor) -> Result<Token> {
        let token = self.token(&organization.slug, id).await?;
        let token = token.ok_or_else(|| no_token(&organization.slug, id))?;
        self.remove_token(&token, by, operator_deadline()).await?;
        Ok(token)
    }

    /// Deletes a token, which is valid no longer.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it has been deleted meanwhile.
    pub(crate) async fn remove_token(&self, token: &Token, by: &Actor, deadline: Instant) -> Result<()> {
        let delete = |key: &Key, condition: &str| {
            self.transaction_items().delete(key, |delete| {
                delete
                    .condition_expression(condition)
                    .expression_attribute_values(":id", AttributeValue::S(token.id.to_string()))
            })
        };
        let [by_secret, by_id] = token.keys();
        let event = AuditEvent::of_token(Action::TokenDeleted, by, token);
        let items = vec![
            // Of an expired token, the table removes one record before the other.
            delete(&by_secret, "attribute_not_exists(pk) OR id = :id")?,
            delete(&by_id, "id = :id")?,
            self.audit_put(token.organization_id, &event)?,
        ];
        // A late attempt finds nothing: no token of this id is ever made again.
        match self.transaction(items, Uuid::now_v7()).send(deadline).await? {
            Outcome::Applied => Ok(()),
            Outcome::Refused(_) => Err(no_token(&token.organization, token.id)),
        }
    }
}

fn no_token(organization: &Slug, id: Uuid) -> Error {
    Error::NotFound(format!("There is no token `{id}` in `{organization}`."))
}
