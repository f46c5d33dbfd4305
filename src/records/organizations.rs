//! Organizations: the owners of registries and tokens.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::transaction::{Outcome, refused};
use super::{Action, AuditEvent, Records, keys, operator_deadline, to_item};
use crate::actor::Actor;
use crate::error::{Error, FieldError, Result};
use crate::slug::Slug;

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its identity.
    pub id: Uuid,
    /// Its slug.
    pub slug: Slug,
    /// Number of its registries, updated with every creation and deletion, so that an organization
    /// that still has one cannot be deleted.
    pub registries: u32,
}

impl Records {
    /// Creates an organization.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the slug is taken.
    pub async fn create_organization(&self, slug: &Slug, by: &Actor) -> Result<Organization> {
        let organization = Organization {
            id: Uuid::now_v7(),
            slug: slug.clone(),
            registries: 0,
        };
        let key = keys::organization(slug);
        let put = self
            .transaction_items()
            .put(to_item(&key, &organization)?, |put| {
                put.condition_expression("attribute_not_exists(pk)")
            })?;
        let line = self
            .transaction_items()
            .put(Self::organization_line(slug)?, |put| put)?;
        let event = AuditEvent::of_organization(Action::OrganizationCreated, by, &organization);
        let audit = self.audit_put(organization.id, &event)?;
        match self
            .transact_fenced(vec![put, line, audit], organization.id, operator_deadline())
            .await?
        {
            Outcome::Applied => Ok(organization),
            Outcome::Refused(_) => Err(Error::Conflict(format!(
                "The organization `{slug}` exists already."
            ))),
        }
    }

    /// The organization with this slug.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn organization(&self, slug: &Slug) -> Result<Organization> {
        self.get(&keys::organization(slug))
            .await?
            .ok_or_else(|| Error::NotFound(format!("There is no organization `{slug}`.")))
    }

    /// Every organization, found by a scan of the whole table: only for operators' calls.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub async fn organizations(&self) -> Result<Vec<Organization>> {
        let mut all = Vec::new();
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .filter_expression("sk = :organization")
            .expression_attribute_values(":organization", AttributeValue::S("organization".to_owned()))
            .into_paginator()
            .items()
            .send();
        while let Some(item) = pages.next().await {
            all.push(super::from_item::<Organization>(
                item.map_err(crate::aws::failed)?,
            )?);
        }
        all.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok(all)
    }

    /// Corrects an organization's count of registries, unless it has changed meanwhile.
    pub(crate) async fn correct_count(&self, organization: &Organization, registries: usize) -> Result<()> {
        let number = |count: String| AttributeValue::N(count);
        let update = self
            .transaction_items()
            .update(&keys::organization(&organization.slug), |update| {
                update
                    .update_expression("SET registries = :now")
                    .condition_expression("id = :id AND registries = :before")
                    .expression_attribute_values(":id", AttributeValue::S(organization.id.to_string()))
                    .expression_attribute_values(":now", number(registries.to_string()))
                    .expression_attribute_values(":before", number(organization.registries.to_string()))
            })?;
        // A late attempt finds another count, or the right one.
        let mut transaction = self.transaction(vec![update], Uuid::now_v7());
        transaction.send(operator_deadline()).await.map(drop)
    }

    /// Deletes an organization that has no registries, and its tokens with it.
    ///
    /// # Errors
    /// [`Error::NotFound`]; a 422 where it still has registries.
    pub async fn delete_organization(&self, slug: &Slug, by: &Actor) -> Result<Organization> {
        let organization = self.organization(slug).await?;
        let delete = self
            .transaction_items()
            .delete(&keys::organization(slug), |delete| {
                delete
                    .condition_expression("id = :id AND registries = :none")
                    .expression_attribute_values(":id", AttributeValue::S(organization.id.to_string()))
                    .expression_attribute_values(":none", AttributeValue::N("0".to_owned()))
            })?;
        let line = self
            .transaction_items()
            .delete(&keys::organization_line(slug), |delete| delete)?;
        let event = AuditEvent::of_organization(Action::OrganizationDeleted, by, &organization);
        let audit = self.audit_put(organization.id, &event)?;
        let outcome = self
            .transact_fenced(vec![delete, line, audit], Uuid::now_v7(), operator_deadline())
            .await?;
        if let Outcome::Refused(reasons) = outcome
            && refused(&reasons, 0)
        {
            return Err(Error::Invalid(vec![FieldError {
                field: "organization",
                code: "not_empty",
                message: format!("The organization `{slug}` still has registries. Delete them first."),
            }]));
        }
        for token in self.tokens(&organization).await? {
            self.delete_token(&organization, token.id, by).await?;
        }
        Ok(organization)
    }
}
