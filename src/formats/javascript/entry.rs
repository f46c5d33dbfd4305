//! A version as a packument shows it: the fields of its `package.json` that installers read, and those for people.
//!
//! The order is npm's own of its abbreviated documents (`docs/responses/package-metadata.md` of npm/registry), then
//! that of `package.json`. What an installer acts on is read from the package itself, so no form can contradict it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{Facts, version};
use crate::formats::texts::json;

/// Bytes of a version in a packument, which an installer reads of every version.
pub(crate) const MAX_ENTRY_BYTES: usize = 100_000;

/// Members that are objects or are left out, in npm's order.
const OBJECTS: [&str; 8] = [
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "directories",
    "engines",
];

/// Those of them of which every value is a text or is left out: typed readers would refuse the whole document.
const TEXTS: [&str; 6] = [
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "peerDependencies",
    "acceptDependencies",
    "engines",
];

/// Members that are a text or a list of texts, or are left out.
const LISTS: [&str; 3] = ["os", "cpu", "libc"];

/// Member that is taken as it is.
const FUNDING: &str = "funding";

/// Members that are written by the registry, or by nobody.
const OWN: [&str; 11] = [
    "name",
    "version",
    "dist",
    "deprecated",
    "bin",
    "bundleDependencies",
    "bundledDependencies",
    "hasInstallScript",
    "readme",
    "readmeFilename",
    "time",
];

/// A version of a package: members of an object, as JSON text without its braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Members that installers read. The last one, `dist`, is open: the address of the tarball is to be added.
    pub(crate) short: String,
    /// All others, each with a comma before it.
    pub(crate) long: String,
}

impl Entry {
    /// The entry of a package. None where it is larger than [`MAX_ENTRY_BYTES`] even without what is for people alone,
    /// which is left out as far as it does not fit.
    pub(crate) fn of(facts: &Facts<'_>) -> Option<Self> {
        let mut members = BTreeMap::new();
        let mut order = Vec::new();
        json::members(&facts.manifest, |name, value| {
            if members.insert(name.to_owned(), value).is_none() {
                order.push(name.to_owned());
            }
        });
        let short = short(facts, &members)?;
        if short.len() > MAX_ENTRY_BYTES {
            return None;
        }
        let mut long = String::new();
        for name in order.iter().filter(|name| is_for_people(name)) {
            let Some(value) = members.get(name) else { continue };
            let member = format!(",{}:{}", quoted(name), value.get());
            if short.len() + long.len() + member.len() <= MAX_ENTRY_BYTES {
                long.push_str(&member);
            }
        }
        Some(Self { short, long })
    }
}

/// Whether no installer reads this member of a `package.json`, and no registry writes it.
fn is_for_people(name: &str) -> bool {
    !name.starts_with('_')
        && !OWN.contains(&name)
        && !OBJECTS.contains(&name)
        && !LISTS.contains(&name)
        && name != FUNDING
        // JavaScript would take it for something else than a member.
        && name != "__proto__"
}

/// Members that installers read. None for metadata that names no package, as no reader of ours writes it.
fn short(facts: &Facts<'_>, members: &BTreeMap<String, &RawValue>) -> Option<String> {
    let text = |name: &str| members.get(name).and_then(|value| json::text(value));
    let (name, stated) = (text("name")?, text("version")?);
    let (_, version) = version::cleaned(&stated)?;
    let mut short = format!("\"name\":{},\"version\":{}", quoted(&name), quoted(&version));
    let mut add = |name: &str, value: &str| {
        short.push_str(&format!(",\"{name}\":{value}"));
    };
    for name in OBJECTS {
        // Old packages have a list of engines; everything else that is not an object is a mistake.
        match members.get(name) {
            Some(value) if value.get().starts_with('{') && TEXTS.contains(&name) => add(name, &texts(value)),
            Some(value) if value.get().starts_with('{') => add(name, value.get()),
            Some(value) if name == "engines" && value.get().starts_with('[') => add(name, value.get()),
            _ => {}
        }
    }
    let bundled = members
        .get("bundleDependencies")
        .or(members.get("bundledDependencies"));
    if let Some(bundled) = bundled.and_then(|value| bundled_names(value, members)) {
        add("bundleDependencies", &bundled);
    }
    if !facts.bin.is_empty() {
        add("bin", &serde_json::to_string(&facts.bin).ok()?);
    }
    for name in LISTS {
        let value = members.get(name).map(|value| value.get());
        if let Some(value) = value.filter(|value| value.starts_with('"') || is_list_of_texts(value)) {
            add(name, value);
        }
    }
    if let Some(value) = members.get(FUNDING) {
        add(FUNDING, value.get());
    }
    if facts.has_install_script {
        add("hasInstallScript", "true");
    }
    if facts.has_shrinkwrap {
        add("_hasShrinkwrap", "true");
    }
    short.push_str(&format!(
        ",\"dist\":{{\"integrity\":{},\"shasum\":{},\"fileCount\":{},\"unpackedSize\":{}",
        quoted(&facts.integrity),
        quoted(&facts.shasum),
        facts.file_count,
        facts.unpacked_size
    ));
    Some(short)
}

/// An object as it is, or without the values that are no texts.
fn texts(object: &RawValue) -> Cow<'_, str> {
    let mut texts = Vec::new();
    let mut count = 0;
    json::members(object, |member, value| {
        count += 1;
        if value.get().starts_with('"') {
            texts.push(format!("{}:{}", quoted(member), value.get()));
        }
    });
    if texts.len() == count {
        return Cow::Borrowed(object.get());
    }
    Cow::Owned(format!("{{{}}}", texts.join(",")))
}

/// Whether a value is a list of texts alone.
fn is_list_of_texts(value: &str) -> bool {
    value.starts_with('[')
        && serde_json::from_str::<Vec<&RawValue>>(value)
            .is_ok_and(|values| values.iter().all(|value| value.get().starts_with('"')))
}

/// The names of what a package brings with it, as a list: `true` stands for all of its dependencies.
fn bundled_names(bundled: &RawValue, members: &BTreeMap<String, &RawValue>) -> Option<String> {
    match bundled.get() {
        "true" => {
            let mut names = Vec::new();
            if let Some(dependencies) = members.get("dependencies") {
                json::members(dependencies, |name, _| names.push(name.to_owned()));
            }
            serde_json::to_string(&names).ok()
        }
        list if is_list_of_texts(list) => Some(list.to_owned()),
        _ => None,
    }
}

/// A text as JSON.
fn quoted(text: &str) -> Cow<'static, str> {
    serde_json::to_string(text).map_or(Cow::Borrowed("\"\""), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn facts(package_json: &str) -> Facts<'static> {
        Facts {
            manifest: Cow::Owned(json::read(package_json.as_bytes(), &ample()).unwrap()),
            integrity: "sha512-x".to_owned(),
            shasum: "00".to_owned(),
            file_count: 2,
            unpacked_size: 3,
            ..Facts::default()
        }
    }

    #[test]
    fn entries_hold_what_installers_read_first() {
        let package_json = r#"{"description": "D", "version": "v1.0.0+b", "name": "@s/n", "os": ["linux"], "_id": "x",
            "exports": {"b": 1, "a": 2}, "dependencies": {"d": "1"}, "bundledDependencies": true, "dist": {"tarball": "x"},
            "readme": "R", "deprecated": "no", "peerDependencies": ["x"], "description": "E"}"#;
        let mut facts = facts(package_json);
        facts.bin.insert("n".to_owned(), "c.js".to_owned());
        facts.has_install_script = true;
        facts.has_shrinkwrap = true;
        let entry = Entry::of(&facts).unwrap();
        assert_eq!(
            entry.short,
            r#""name":"@s/n","version":"1.0.0","dependencies":{"d":"1"},"bundleDependencies":["d"],"bin":{"n":"c.js"},"os":["linux"],"hasInstallScript":true,"_hasShrinkwrap":true,"dist":{"integrity":"sha512-x","shasum":"00","fileCount":2,"unpackedSize":3"#
        );
        assert_eq!(entry.long, r#","description":"E","exports":{"b":1,"a":2}"#);
    }

    #[test]
    fn values_that_typed_readers_refuse_are_left_out() {
        let package_json = r#"{"name": "n", "version": "1.0.0", "os": 5, "cpu": {"a": 1}, "libc": ["musl", 1],
            "dependencies": {"a": "1", "b": {"c": 1}, "d": "2"}, "engines": {"node": 20},
            "peerDependenciesMeta": {"a": {"optional": true}}, "bundleDependencies": [1]}"#;
        assert_eq!(
            Entry::of(&facts(package_json)).unwrap().short,
            r#""name":"n","version":"1.0.0","dependencies":{"a":"1","d":"2"},"peerDependenciesMeta":{"a":{"optional":true}},"engines":{},"dist":{"integrity":"sha512-x","shasum":"00","fileCount":2,"unpackedSize":3"#
        );
    }

    #[test]
    fn large_members_for_people_are_left_out() {
        let package_json = format!(
            r#"{{"name": "n", "version": "1.0.0", "exports": "{}", "license": "MIT"}}"#,
            "x".repeat(MAX_ENTRY_BYTES)
        );
        assert_eq!(
            Entry::of(&facts(&package_json)).unwrap().long,
            r#","license":"MIT""#
        );
    }

    #[test]
    fn entries_beyond_the_bound_are_none() {
        let package_json = format!(
            r#"{{"name": "n", "version": "1.0.0", "dependencies": {{"d": "{}"}}}}"#,
            "x".repeat(MAX_ENTRY_BYTES)
        );
        assert_eq!(Entry::of(&facts(&package_json)), None);
        assert_eq!(Entry::of(&facts("{}")), None);
    }
}
