//! Packuments: all versions of a package in one document, in the forms that npm's clients ask for.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::value::RawValue;

use super::name;
use crate::digest::Digest;
use crate::formats::javascript::{Entry, Facts, json};
use crate::id::PackageId;
use crate::packages::{EntryKind, LATEST, NamedVersion, TaggedName};
use crate::records::Package;
use crate::time::rfc3339_millis;

/// Entries of versions, in the two parts of [`Entry`].
pub(super) const ENTRIES: EntryKind = EntryKind {
    name: "npm-2",
    make: entry,
};

/// Separator of an entry's parts, which no JSON text holds as it is.
const SEPARATOR: char = '\u{1f}';

/// Members of a whole document that are those of its latest version.
const OF_LATEST: [&str; 9] = [
    "description",
    "keywords",
    "homepage",
    "bugs",
    "license",
    "author",
    "contributors",
    "maintainers",
    "repository",
];

/// Form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Everything (`application/json`).
    Full,
    /// Only what installers read (`application/vnd.npm.install-v1+json`).
    Abbreviated,
    /// Only what a client needs that is about to change something (`?write=true`): it sends all of it back.
    Changeable,
}

impl Form {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Full | Self::Changeable => "application/json",
            Self::Abbreviated => "application/vnd.npm.install-v1+json",
        }
    }

    /// Whether its versions are more than the records of the name.
    pub(super) fn needs_entries(self) -> bool {
        self != Self::Changeable
    }
}

/// The entry of a package, its parts separated.
fn entry(_package: &Package, metadata: &str) -> Option<String> {
    let facts: Facts<'_> = serde_json::from_str(metadata).ok()?;
    let Entry { short, long } = Entry::of(&facts)?;
    Some(format!("{short}{SEPARATOR}{long}"))
}

/// State of a name, as far as a document shows it: equal states have equal documents of one form.
pub(super) fn state(name: &TaggedName, root: &str) -> Digest<32> {
    let mut text = format!("{}\n{root}\n{}\n", ENTRIES.name, name.name);
    for version in &name.versions {
        let deprecated = version.entry.deprecated.as_deref().unwrap_or_default();
        text.push_str(&format!("{} {deprecated:?}\n", version.entry.id));
    }
    for (tag, version) in name.tags() {
        text.push_str(&format!("{tag:?} {}\n", version.entry.id));
    }
    let modified = name.modified().map(rfc3339_millis);
    text.push_str(&modified.unwrap_or_default());
    Digest::sha256(text.as_bytes())
}

/// The state as `CouchDB` would call it, which a client sends back with its change.
pub(super) fn revision(name: &TaggedName, root: &str) -> String {
    let state = state(name, root).to_string();
    format!("{}-{}", name.versions.len(), state.get(..32).unwrap_or_default())
}

/// The document of a name. Versions without an entry have to be left out of the name before.
pub(super) fn render(
    name: &TaggedName,
    entries: &HashMap<PackageId, String>,
    root: &str,
    form: Form,
) -> serde_json::Result<String> {
    let size: usize = entries.values().map(|entry| entry.len() + 300).sum();
    let mut document = String::with_capacity(size);
    document.push('{');
    let tags = name.tags();
    if form != Form::Abbreviated {
        member(&mut document, "_id", &name.name)?;
        member(&mut document, "_rev", &revision(name, root))?;
    }
    member(&mut document, "name", &name.name)?;
    let numbers: std::collections::BTreeMap<_, _> = tags
        .iter()
        .map(|(tag, version)| (*tag, version.version.as_str()))
        .collect();
    member(&mut document, "dist-tags", &numbers)?;
    document.push_str(",\"versions\":{");
    for (index, version) in name.versions.iter().enumerate() {
        if index > 0 {
            document.push(',');
        }
        document.push_str(&serde_json::to_string(&version.version)?);
        document.push(':');
        let entry = entries.get(&version.entry.id).map(String::as_str);
        document.push_str(&rendered_version(&name.name, version, entry, root, form)?);
    }
    document.push('}');
    let modified = name.modified().map(rfc3339_millis).unwrap_or_default();
    if form == Form::Abbreviated {
        member(&mut document, "modified", &modified)?;
    }
    member(
        &mut document,
        "time",
        &Times {
            name,
            modified: &modified,
        },
    )?;
    if form == Form::Full {
        let latest = tags.get(LATEST).and_then(|latest| entries.get(&latest.entry.id));
        document.push_str(&of_latest(latest.map_or("", String::as_str)));
    }
    document.push('}');
    Ok(document)
}

/// A version as its document has it.
pub(super) fn rendered_version(
    name: &str,
    version: &NamedVersion,
    entry: Option<&str>,
    root: &str,
    form: Form,
) -> serde_json::Result<String> {
    let (id, number) = (version.entry.id, &version.version);
    let tarball = format!(
        "{root}/npm/{}/-/{id}/{}",
        name::in_address(name),
        name::tarball(name, number)
    );
    let (short, long) = entry
        .and_then(|entry| entry.split_once(SEPARATOR))
        .unwrap_or_default();
    let mut text = String::with_capacity(short.len() + long.len() + tarball.len() + 100);
    text.push('{');
    if short.is_empty() {
        member(&mut text, "name", name)?;
        member(&mut text, "version", number)?;
        text.push_str(",\"dist\":{");
    } else {
        text.push_str(short);
        text.push(',');
    }
    text.push_str("\"tarball\":");
    text.push_str(&serde_json::to_string(&tarball)?);
    text.push('}');
    if let Some(deprecated) = &version.entry.deprecated {
        member(&mut text, "deprecated", deprecated)?;
    }
    if form == Form::Full {
        member(&mut text, "_id", &format!("{name}@{number}"))?;
        text.push_str(long);
    }
    text.push('}');
    Ok(text)
}

/// Adds a member to an object that is being written.
fn member(object: &mut String, name: &str, value: &(impl Serialize + ?Sized)) -> serde_json::Result<()> {
    if !object.ends_with('{') {
        object.push(',');
    }
    object.push_str(&serde_json::to_string(name)?);
    object.push(':');
    object.push_str(&serde_json::to_string(value)?);
    Ok(())
}

/// Times of a name: of its making, of its last change, and of each version.
struct Times<'a> {
    name: &'a TaggedName,
    modified: &'a str,
}

impl Serialize for Times<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let minted = |version: &NamedVersion| version.entry.id.minted_at();
        let created: Option<SystemTime> = self.name.versions.first().map(minted);
        let own = [
            ("created", created.map(rfc3339_millis).unwrap_or_default()),
            ("modified", self.modified.to_owned()),
        ];
        let versions = self.name.versions.iter();
        let versions = versions.map(|version| (version.version.as_str(), rfc3339_millis(minted(version))));
        serializer.collect_map(own.into_iter().chain(versions))
    }
}

/// The members of a whole document that are those of its latest version, each with a comma before it.
fn of_latest(entry: &str) -> String {
    let long = entry.split_once(SEPARATOR).map_or("", |(_, long)| long);
    let object = RawValue::from_string(format!("{{{}}}", long.trim_start_matches(',')));
    let mut members = String::new();
    if let Ok(object) = object {
        json::members(&object, |name, value| {
            if OF_LATEST.contains(&name) {
                members.push_str(&format!(",\"{name}\":{}", value.get()));
            }
        });
    }
    members
}
