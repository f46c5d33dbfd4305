//! Creating a registry.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::properties::{self, mistake};
use crate::actor::Actor;
use crate::address::RegistryAddress;
use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::error::{Error, FieldError, Result};
use crate::id::minted_at;
use crate::records::{Creation, Details, Insertion, Organization, Records, Registry};
use crate::slug::Slug;

/// Registries of an organization: they are listed in one answer.
pub(crate) const MAX_REGISTRIES: u32 = 1000;

/// Time in which the same request by the same token is a repeat. Terraform repeats for three minutes.
const REPEATED: Duration = Duration::from_mins(30);

/// Bytes of an ecosystem that could be one.
const MAX_ECOSYSTEM_BYTES: usize = 100;

/// Properties of a registry that is to be created.
#[derive(Debug, Clone, Default)]
pub struct NewRegistry {
    /// Its slug; without one, it is made from the name.
    pub slug: Option<Slug>,
    /// The ecosystem of its packages, in any spelling.
    pub ecosystem: Option<String>,
    /// Everything that can be changed later.
    pub details: Details,
}

impl NewRegistry {
    /// A registry that has a slug and an ecosystem, and nothing else.
    #[must_use]
    pub fn plain(slug: Slug, ecosystem: Ecosystem) -> Self {
        Self {
            slug: Some(slug),
            ecosystem: Some(ecosystem.to_string()),
            details: Details::default(),
        }
    }

    /// Checks the properties, and answers slug and ecosystem.
    fn check(&self) -> Result<(Slug, Ecosystem)> {
        let mut mistakes = Vec::new();
        if let Err(Error::Invalid(found)) = properties::check(&self.details) {
            mistakes.extend(found);
        }
        let slug = match (&self.slug, &self.details.name) {
            (Some(slug), _) => Some(slug.clone()),
            (None, Some(name)) => Slug::of_name(name),
            (None, None) => {
                let message = "`name` is missing. Send the registry's name, such as `My gems`.";
                mistakes.push(mistake("name", "missing", message));
                None
            }
        };
        let ecosystem = read_ecosystem(self.ecosystem.as_deref());
        match (slug, ecosystem) {
            (Some(slug), Ok(ecosystem)) if mistakes.is_empty() => Ok((slug, ecosystem)),
            (_, ecosystem) => {
                mistakes.extend(ecosystem.err());
                Err(Error::Invalid(mistakes))
            }
        }
    }

    /// Digest of everything that a client sends, in which no two requests are alike.
    fn fingerprint(&self) -> Result<Digest<32>> {
        let text = serde_json::to_vec(&(&self.slug, &self.ecosystem, &self.details));
        let text = text.map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Digest::sha256(&text))
    }
}

fn read_ecosystem(text: Option<&str>) -> Result<Ecosystem, FieldError> {
    let Some(text) = text else {
        let message = "`ecosystem` is missing. Send the kind of the registry's packages, such as `ruby`.";
        return Err(mistake("ecosystem", "missing", message));
    };
    let text: String = text.chars().take(MAX_ECOSYSTEM_BYTES).collect();
    text.parse()
        .map_err(|error| mistake("ecosystem", "unknown", format!("{error}.")))
}

/// Creates a registry. Two round trips; one more where its slug is taken.
///
/// The same request by the same token within half an hour is a repeat of one whose answer was lost: it is
/// answered with the registry that is there. Anything else of a taken slug is refused, so that nobody takes
/// over, and later destroys, a registry that others made.
///
/// # Errors
/// A 422 for properties that are not valid, [`Error::Conflict`] for a slug that is taken, [`Error::NotFound`] where
/// the organization is not there (any more).
pub async fn create(
    records: &Records,
    organization: &Organization,
    new: NewRegistry,
    by: &Actor,
    retry_until: Instant,
) -> Result<Registry> {
    let (slug, ecosystem) = new.check()?;
    let creation = match by {
        Actor::Token { id, .. } => Some(Creation {
            token_id: *id,
            fingerprint: new.fingerprint()?,
        }),
        _ => None,
    };
    let address = RegistryAddress {
        organization: organization.slug.clone(),
        registry: slug,
    };
    let registry = Registry {
        id: records.mint_registry_id(&address).await?,
        organization_id: organization.id,
        address,
        ecosystem,
        // The identifier itself is in the record already.
        ecosystem_as_sent: new.ecosystem.filter(|sent| sent != ecosystem.as_str()),
        details: new.details,
        creation,
        revision: None,
    };
    match records
        .insert_registry(&registry, MAX_REGISTRIES, by, retry_until)
        .await?
    {
        Insertion::Inserted => Ok(registry),
        Insertion::Full => Err(Error::invalid(
            "organization",
            "too_many",
            format!(
                "The organization `{}` has {MAX_REGISTRIES} registries, and cannot have more. Delete one \
                 that is not needed.",
                organization.slug
            ),
        )),
        Insertion::Taken => match records.registry(&registry.address).await {
            Ok(taken) if is_repeat(&registry, &taken) => Ok(taken),
            Ok(_) | Err(Error::NotFound(_)) => Err(is_taken(&registry)),
            Err(error) => Err(error),
        },
    }
}

/// Whether this is the registry that an earlier attempt of the same request created.
fn is_repeat(wanted: &Registry, found: &Registry) -> bool {
    let age = SystemTime::now().duration_since(minted_at(found.id));
    wanted.organization_id == found.organization_id
        && wanted.creation.is_some()
        && wanted.creation == found.creation
        && age.unwrap_or_default() < REPEATED
}

fn is_taken(registry: &Registry) -> Error {
    Error::Conflict(format!("The registry `{}` exists already.", registry.address))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn registry(id: Uuid, creation: Option<Creation>) -> Registry {
        let address = "o/r".parse().expect("an address");
        let plain = Registry::plain(id, Uuid::nil(), address, Ecosystem::Ruby);
        Registry { creation, ..plain }
    }

    fn creation(token: u128, name: &str) -> Creation {
        let mut new = NewRegistry::default();
        new.details.name = Some(name.to_owned());
        Creation {
            token_id: Uuid::from_u128(token),
            fingerprint: new.fingerprint().expect("JSON"),
        }
    }

    fn minted(ago: Duration) -> Uuid {
        let at = SystemTime::now() - ago;
        let millis = at.duration_since(SystemTime::UNIX_EPOCH).expect("a time");
        let millis = u64::try_from(millis.as_millis()).expect("a number");
        uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
    }

    #[test]
    fn repeats_are_identical_recent_and_of_one_token() {
        let wanted = registry(Uuid::now_v7(), Some(creation(1, "a")));
        for (minutes, found, expected) in [
            (0, Some(creation(1, "a")), true),
            (29, Some(creation(1, "a")), true),
            (31, Some(creation(1, "a")), false),
            (0, Some(creation(2, "a")), false),
            (0, Some(creation(1, "b")), false),
            (0, None, false),
        ] {
            let found = registry(minted(Duration::from_mins(minutes)), found);
            assert_eq!(is_repeat(&wanted, &found), expected, "{found:?}");
        }
        let of_operator = registry(Uuid::now_v7(), None);
        assert!(!is_repeat(&of_operator, &of_operator));
    }

    #[test]
    fn absent_and_empty_texts_have_different_fingerprints() {
        let absent = NewRegistry::default();
        let mut empty = NewRegistry::default();
        empty.details.description = Some(String::new());
        assert_ne!(absent.fingerprint().unwrap(), empty.fingerprint().unwrap());
        let mut other = NewRegistry::default();
        other.details.emoji = Some(String::new());
        assert_ne!(other.fingerprint().unwrap(), empty.fingerprint().unwrap());
    }
}
