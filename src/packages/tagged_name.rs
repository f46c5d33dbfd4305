//! Versions of a name and the tags that stand for them, as npm's protocol shows and changes them.

use std::collections::BTreeMap;
use std::time::SystemTime;

use uuid::Uuid;

use super::Context;
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::formats::javascript::{normalized_version, precedence};
use crate::id::{PackageId, minted_at};
use crate::records::{
    Action, AuditEvent, Deprecation, MAX_DEPRECATIONS, Registry, TagEntry, TaggedEntries, VersionEntry,
};

/// Versions of one name that are read.
const MAX_VERSIONS: usize = 20_000;

/// Tags of one name: each document shows all of them.
const MAX_TAGS: usize = 1000;

/// The tag that installers take where nobody names another.
pub(crate) const LATEST: &str = "latest";

/// All versions of a name, and its tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaggedName {
    /// The name, normalized.
    pub(crate) name: String,
    /// Its versions by their packages' ids, the oldest first.
    pub(crate) versions: Vec<NamedVersion>,
    /// Records of its tags: those of packages that are gone, and those that were removed, too.
    records: Vec<TagEntry>,
}

/// A version of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedVersion {
    /// The version that releases are claimed by.
    pub(crate) version: String,
    pub(crate) entry: VersionEntry,
}

impl TaggedName {
    /// Reads what is left of a name of which `first` was read. One round trip for each megabyte of records; none
    /// where `first` is all.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it has no version.
    pub(crate) async fn complete(
        context: &Context,
        registry: &Registry,
        name: &str,
        first: TaggedEntries,
    ) -> Result<Self> {
        let TaggedEntries {
            mut versions,
            mut tags,
            mut next,
        } = first.of(registry);
        while let Some(after) = next {
            let page = context
                .records
                .tagged_entries(&registry.address, name, Some(&after), None)
                .await?
                .of(registry);
            versions.extend(page.versions);
            tags.extend(page.tags);
            next = page.next;
            if versions.len() > MAX_VERSIONS {
                return Err(Error::invalid(
                    "name",
                    "too_many",
                    format!(
                        "`{name}` has more than {MAX_VERSIONS} versions. Delete old ones through the API."
                    ),
                ));
            }
        }
        if versions.is_empty() {
            return Err(Error::NotFound(format!(
                "The registry `{}` has no package `{name}`, or none any more. Look at its spelling and at the registry \
                 that your settings name.",
                registry.address
            )));
        }
        let named = |entry: VersionEntry| NamedVersion {
            version: normalized_version(&entry.version).unwrap_or_else(|| entry.version.clone()),
            entry,
        };
        Ok(Self {
            name: name.to_owned(),
            versions: versions.into_iter().map(named).collect(),
            records: tags,
        })
    }

    /// The tags that stand for a version that is there. `latest` is always among them: without a record of its own
    /// it is the highest release, or the highest version where all are prereleases.
    pub(crate) fn tags(&self) -> BTreeMap<&str, &NamedVersion> {
        let by_id: BTreeMap<PackageId, &NamedVersion> = self
            .versions
            .iter()
            .map(|version| (version.entry.id, version))
            .collect();
        let of = |record: &'_ TagEntry| by_id.get(&record.tagged?).copied();
        let mut tags: BTreeMap<&str, &NamedVersion> = self
            .records
            .iter()
            .filter_map(|record| Some((record.tag.as_str(), of(record)?)))
            .collect();
        if let Some(highest) = self.highest() {
            tags.entry(LATEST).or_insert(highest);
        }
        tags
    }

    /// Refuses a tag more than a name may have.
    ///
    /// # Errors
    /// A 422.
    pub(crate) fn check_room(&self, tag: &str) -> Result<()> {
        if self.records.len() < MAX_TAGS || self.records.iter().any(|record| record.tag == tag) {
            return Ok(());
        }
        let message = format!(
            "`{}` has {MAX_TAGS} tags, which is as many as a package may have. Remove some that nobody needs.",
            self.name
        );
        Err(Error::invalid("tag", "too_many", message))
    }

    /// Whether the tag has a record, which stands for a version that is there.
    pub(crate) fn has_record(&self, tag: &str) -> bool {
        let is_there = |id| self.versions.iter().any(|version| version.entry.id == id);
        let mut records = self.records.iter();
        records.any(|record| record.tag == tag && record.tagged.is_some_and(is_there))
    }

    /// The version of this number, or the one that this tag stands for.
    pub(crate) fn find(&self, version_or_tag: &str) -> Option<&NamedVersion> {
        let normalized = normalized_version(version_or_tag);
        let by_version =
            normalized.and_then(|version| self.versions.iter().find(|own| own.version == version));
        by_version.or_else(|| self.tags().get(version_or_tag).copied())
    }

    /// The time of the last change to what is there.
    pub(crate) fn modified(&self) -> Option<SystemTime> {
        let versions = self.versions.iter().map(|version| version.entry.id.into());
        let notes = self.versions.iter().filter_map(|version| version.entry.revision);
        let tags = self.records.iter().map(|record| record.revision);
        let last: Option<Uuid> = versions.chain(notes).chain(tags).max();
        last.map(minted_at)
    }

    fn highest(&self) -> Option<&NamedVersion> {
        self.versions.iter().max_by_key(|own| precedence(&own.version))
    }
}

/// Makes a tag stand for a version. One round trip.
///
/// # Errors
/// [`Error::Conflict`] where the version has just been deleted, or somebody changed the tag at the same time.
pub(crate) async fn set_tag(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    name: &str,
    tag: &str,
    version: &VersionEntry,
) -> Result<()> {
    let subject = (version.id, version.name.as_str(), version.version.as_str());
    let event = AuditEvent::of_version(Action::PackageTagged, by, registry, subject, Some(tag));
    let records = &context.records;
    let is_set = records.set_tag(
        registry,
        (name, tag),
        (version.id, event.id),
        &event,
        context.retry_until,
    );
    check_applied(is_set.await?, name)
}

/// Removes a tag from the version that it stands for. One round trip.
///
/// # Errors
/// [`Error::Conflict`] where somebody changed the tag at the same time.
pub(crate) async fn remove_tag(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    name: &str,
    tag: &str,
    version: &VersionEntry,
) -> Result<()> {
    let subject = (version.id, version.name.as_str(), version.version.as_str());
    let event = AuditEvent::of_version(Action::PackageUntagged, by, registry, subject, Some(tag));
    let records = &context.records;
    let is_removed = records.remove_tag(registry, (name, tag), &event, context.retry_until);
    check_applied(is_removed.await?, name)
}

/// Deprecates versions of a name, or ends that. One round trip for each fifty.
///
/// # Errors
/// [`Error::Conflict`] where one has just been deleted, or changed by somebody else.
pub(crate) async fn deprecate(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    name: &str,
    changes: &[Deprecation<'_>],
) -> Result<()> {
    let with_event = |change: &Deprecation<'_>| {
        let action = match change.reason {
            Some(_) => Action::PackageDeprecated,
            None => Action::PackageUndeprecated,
        };
        let entry = change.version;
        let subject = (entry.id, entry.name.as_str(), entry.version.as_str());
        AuditEvent::of_version(action, by, registry, subject, None)
    };
    for some in changes.chunks(MAX_DEPRECATIONS) {
        let some: Vec<_> = some
            .iter()
            .map(|change| (change.clone(), with_event(change)))
            .collect();
        let is_done = context
            .records
            .deprecate(registry, name, &some, context.retry_until);
        check_applied(is_done.await?, name)?;
    }
    Ok(())
}

/// The conflict with another change of the name, where this one was not applied.
fn check_applied(is_applied: bool, name: &str) -> Result<()> {
    if is_applied {
        Ok(())
    } else {
        Err(changed_meanwhile(name))
    }
}

/// The conflict of two changes at the same time.
pub(crate) fn changed_meanwhile(name: &str) -> Error {
    Error::Conflict(format!(
        "Somebody else has just changed `{name}`, so this change was not made. Repeat the command."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_have_a_thousand_tags_at_most() {
        let record = |tag: usize| {
            let id = Uuid::nil();
            serde_json::from_value(json!({"registry_id": id, "tag": tag.to_string(), "revision": id}))
                .unwrap()
        };
        let mut name = TaggedName {
            name: "fruit".to_owned(),
            versions: Vec::new(),
            records: (1..MAX_TAGS).map(record).collect(),
        };
        assert!(name.check_room("next").is_ok());
        name.records.push(record(0));
        assert!(name.check_room("0").is_ok(), "it is there already");
        assert_eq!(
            name.check_room("next").unwrap_err().to_string(),
            "`fruit` has 1000 tags, which is as many as a package may have. Remove some that nobody needs."
        );
    }
}
