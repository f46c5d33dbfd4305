//! Changing a registry.

use tokio::time::Instant;
use uuid::Uuid;

use super::properties::{self, mistake};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::records::{Action, Details, Records, Registry};
use crate::release::Reuse;
use crate::retry::Retry;

/// Change of a property.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is removed.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T: Clone> Change<T> {
    fn apply(&self, before: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => before.cloned(),
            Self::Clear => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// Changes of a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The name; the slug stays.
    pub name: Change<String>,
    /// The ecosystem, which cannot change: only the one that the registry has is accepted.
    pub ecosystem: Change<String>,
    /// The purpose.
    pub description: Change<String>,
    /// The emoji.
    pub emoji: Change<String>,
    /// The color.
    pub color: Change<String>,
    /// The text of the OIDC policy.
    pub oidc_policy: Change<String>,
    /// Ids of teams.
    pub team_ids: Change<Vec<String>>,
    /// Whether a release may be published again after its package was deleted.
    pub reuse: Change<Reuse>,
}

impl Changes {
    /// The properties with these changes.
    fn apply(&self, before: &Details) -> Details {
        Details {
            name: self.name.apply(before.name.as_ref()),
            description: self.description.apply(before.description.as_ref()),
            emoji: self.emoji.apply(before.emoji.as_ref()),
            color: self.color.apply(before.color.as_ref()),
            oidc_policy: self.oidc_policy.apply(before.oidc_policy.as_ref()),
            team_ids: self.team_ids.apply(before.team_ids.as_ref()),
            reuse: self.reuse.apply(before.reuse.as_ref()),
        }
    }

    /// Checks everything that is to be set.
    fn check_values(&self) -> Result<()> {
        properties::check(&self.apply(&Details::default()))
    }

    /// Checks what cannot be changed, or not be removed.
    fn check_against(&self, registry: &Registry) -> Result<()> {
        let mut mistakes = Vec::new();
        if self.name == Change::Clear {
            let message = "`name` cannot be removed. Send another name, or leave it out.";
            mistakes.push(mistake("name", "missing", message));
        }
        let current = registry.ecosystem_as_sent();
        let stays = match &self.ecosystem {
            Change::Keep => true,
            Change::Clear => false,
            Change::Set(ecosystem) => ecosystem == current,
        };
        if !stays {
            let message = format!(
                "`ecosystem` cannot be changed: this registry's is `{current}`. Leave it out, or create \
                 another registry."
            );
            mistakes.push(mistake("ecosystem", "immutable", message));
        }
        if mistakes.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(mistakes))
        }
    }
}

/// Changes a registry that was read. One round trip; none where nothing changes.
///
/// It is written only if it is still as it was read; else it is read again and the changes are applied to
/// that. So of two updates at once none undoes the other, except where both change the same property.
///
/// # Errors
/// A 422 for changes that are not valid, [`Error::NotFound`] where the registry has been deleted meanwhile.
pub async fn update(
    records: &Records,
    registry: Registry,
    changes: &Changes,
    by: &Actor,
    retry_until: Instant,
) -> Result<Registry> {
    let mut before = registry;
    let mut retry = Retry::until(retry_until);
    changes.check_against(&before)?;
    changes.check_values()?;
    loop {
        let details = changes.apply(&before.details);
        if details == before.details {
            return Ok(before);
        }
        let after = Registry {
            details,
            revision: Some(Uuid::now_v7()),
            ..before.clone()
        };
        let actions = actions(&before.details, &after.details);
        if records
            .change_registry(&before, &after, &actions, by, retry_until)
            .await?
        {
            return Ok(after);
        }
        let id = before.id;
        before = records.registry(&before.address).await?;
        if before.id != id {
            return Err(Error::NotFound(format!(
                "There is no registry `{}` any more: it has just been deleted.",
                before.address
            )));
        }
        if !retry.again().await {
            return Err(Error::Throttled(
                "others changed the same registry all the time".to_owned(),
            ));
        }
    }
}

/// Kinds of the change: a policy decides who may publish, so it is told apart from everything else.
fn actions(before: &Details, after: &Details) -> Vec<Action> {
    let has_new_policy = before.oidc_policy != after.oidc_policy;
    let others = Details {
        oidc_policy: before.oidc_policy.clone(),
        ..after.clone()
    };
    let mut actions = Vec::new();
    actions.extend((others != *before).then_some(Action::RegistryUpdated));
    actions.extend(has_new_policy.then_some(Action::PolicyUpdated));
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    fn details() -> Details {
        Details {
            name: Some("a".to_owned()),
            description: Some("b".to_owned()),
            oidc_policy: Some("[]".to_owned()),
            ..Details::default()
        }
    }

    #[test]
    fn absent_stays_null_clears_empty_is_kept() {
        let changes = Changes {
            description: Change::Clear,
            emoji: Change::Set(String::new()),
            ..Changes::default()
        };
        let expected = Details {
            description: None,
            emoji: Some(String::new()),
            ..details()
        };
        assert_eq!(changes.apply(&details()), expected);
    }

    #[test]
    fn policies_are_told_apart_from_other_changes() {
        let policy = Details {
            oidc_policy: None,
            ..details()
        };
        let both = Details {
            color: Some("red".to_owned()),
            ..policy.clone()
        };
        let color = Details {
            color: Some("red".to_owned()),
            ..details()
        };
        let of = |after| actions(&details(), &after);
        assert_eq!(of(policy), [Action::PolicyUpdated]);
        assert_eq!(of(both), [Action::RegistryUpdated, Action::PolicyUpdated]);
        assert_eq!(of(color), [Action::RegistryUpdated]);
    }
}
