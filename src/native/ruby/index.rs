//! The indexes of a whole registry: `versions` and `names` of the compact index, and the three lists of
//! specifications (`specs.4.8` and so on) that RubyGems has read for ever.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::compact_index::{self, START};
use super::gemspec;
use super::marshal::{self, Writer};
use super::platform::RUBY;
use super::version;
use crate::formats::NameFacts as _;
use crate::formats::ruby::NameFacts;
use crate::id::minted_at;
use crate::indexes::Renderer;
use crate::records::{Package, Registry};
use crate::time::rfc3339_seconds;

/// The documents, by their names in addresses.
const DOCUMENTS: &[&str] = &[
    "versions",
    "names",
    "specs.4.8",
    "latest_specs.4.8",
    "prerelease_specs.4.8",
];
const VERSIONS: usize = 0;
const NAMES: usize = 1;
const SPECS: usize = 2;
const LATEST_SPECS: usize = 3;
const PRERELEASE_SPECS: usize = 4;

/// Renderer of the indexes of a registry of gems. What it keeps of a gem is its line of `info/{name}`.
#[derive(Debug)]
pub(crate) struct RubyIndex;

impl Renderer for RubyIndex {
    fn format(&self) -> &'static str {
        "ruby-1"
    }

    fn documents(&self) -> &'static [&'static str] {
        DOCUMENTS
    }

    fn has_text_digests(&self, document: usize) -> bool {
        matches!(document, VERSIONS | NAMES)
    }

    fn member(&self, package: &Package, metadata: &str) -> Result<Vec<u8>, String> {
        let facts = NameFacts::of_metadata(metadata).map_err(|error| error.to_string())?;
        let platform = package.variant.as_deref().unwrap_or(RUBY);
        let line = compact_index::line(&package.version, platform, package.digests.sha256, &facts);
        Ok(line.into_bytes())
    }

    fn render(&self, name: &str, members: &[&[u8]], documents: &mut [Vec<u8>]) -> Vec<u64> {
        let lines: Vec<_> = members
            .iter()
            .filter_map(|member| std::str::from_utf8(member).ok())
            .collect();
        let gems: Vec<_> = lines
            .iter()
            .map(|line| compact_index::version_and_platform(line))
            .collect();
        let (early, released): (Vec<_>, Vec<_>) = gems
            .into_iter()
            .partition(|(number, _)| version::is_prerelease(number));
        let mut add = |document: usize, bytes: &[u8], entries: usize| {
            if let Some(document) = documents.get_mut(document) {
                document.extend(bytes);
            }
            entries as u64
        };
        let mut added = vec![
            add(VERSIONS, compact_index::versions_line(name, &lines).as_bytes(), 1),
            add(NAMES, format!("{name}\n").as_bytes(), 1),
        ];
        let latest = latest(&released);
        for (document, gems) in [
            (SPECS, &released),
            (LATEST_SPECS, &latest),
            (PRERELEASE_SPECS, &early),
        ] {
            added.push(add(document, &tuples(name, gems), gems.len()));
        }
        added
    }

    fn prologue(&self, document: usize, entries: u64, registry: &Registry) -> Vec<u8> {
        match document {
            VERSIONS => {
                format!("created_at: {}\n{START}", rfc3339_seconds(minted_at(registry.id))).into_bytes()
            }
            NAMES => START.into(),
            _ => {
                let mut start = marshal::HEADER.to_vec();
                start.push(b'[');
                start.extend(marshal::length(usize::try_from(entries).unwrap_or(usize::MAX)));
                start
            }
        }
    }
}

/// The highest version of each platform.
fn latest<'a>(released: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut highest: BTreeMap<&str, &str> = BTreeMap::new();
    for (number, platform) in released {
        let known = highest.entry(platform).or_insert(number);
        if version::compare(known, number) == Ordering::Less {
            *known = number;
        }
    }
    highest
        .into_iter()
        .map(|(platform, number)| (number, platform))
        .collect()
}

/// Name, version and platform of each gem, as `Gem::NameTuple` reads them.
fn tuples(name: &str, gems: &[(&str, &str)]) -> Vec<u8> {
    let mut tuples = Writer::part();
    for (number, platform) in gems {
        tuples.array(3);
        tuples.text(name);
        gemspec::version(&mut tuples, number);
        tuples.text(platform);
    }
    tuples.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::ruby::fixtures::{facts, package, registry};

    /// The documents of a registry with these gems of one name.
    fn documents(gems: &[(&str, &str)]) -> Vec<String> {
        let metadata = serde_json::to_string(&facts()).unwrap();
        let members: Vec<_> = gems
            .iter()
            .map(|(number, platform)| {
                RubyIndex
                    .member(&package("banana", number, platform), &metadata)
                    .unwrap()
            })
            .collect();
        let members: Vec<_> = members.iter().map(Vec::as_slice).collect();
        let mut entries = vec![Vec::new(); DOCUMENTS.len()];
        let counts = RubyIndex.render("banana", &members, &mut entries);
        let whole = entries.into_iter().zip(counts).enumerate();
        whole
            .map(|(document, (entries, count))| {
                let mut bytes = RubyIndex.prologue(document, count, &registry());
                bytes.extend(entries);
                bytes
                    .iter()
                    .flat_map(|byte| byte.escape_ascii())
                    .map(char::from)
                    .collect()
            })
            .collect()
    }

    const VERSION: &str = r#"\x06:\x06ETU:\x11Gem::Version[\x06I\""#;

    #[test]
    fn documents_list_every_gem() {
        let [versions, names, specs, latest, early] = &documents(&[
            ("1.9", "ruby"),
            ("1.10", "ruby"),
            ("1.2", "ruby"),
            ("1.9", "java"),
            ("2.0.rc1", "ruby"),
        ])[..] else {
            panic!("five documents");
        };
        let info = versions.rsplit(' ').next().unwrap();
        assert_eq!(
            *versions,
            format!(r"created_at: 2015-12-28T23:51:00Z\n---\nbanana 1.9,1.10,1.2,1.9-java,2.0.rc1 {info}")
        );
        assert_eq!(*names, r"---\nbanana\n");
        let tuple = |length: &str, number: &str, platform: &str| {
            format!(r#"[\x08I\"\x0bbanana{VERSION}{length}{number}\x06:\x06ETI\"\t{platform}\x06:\x06ET"#)
        };
        let list = |count: &str, tuples: &[String]| format!(r"\x04\x08[{count}{}", tuples.concat());
        let (nine, ten, two) = (
            tuple(r"\x08", "1.9", "ruby"),
            tuple(r"\t", "1.10", "ruby"),
            tuple(r"\x08", "1.2", "ruby"),
        );
        let java = tuple(r"\x08", "1.9", "java");
        assert_eq!(*specs, list(r"\t", &[nine, ten.clone(), two, java.clone()]));
        assert_eq!(*latest, list(r"\x07", &[java, ten]));
        assert_eq!(*early, list(r"\x06", &[tuple(r"\x0c", "2.0.rc1", "ruby")]));
    }

    #[test]
    fn empty_registries_have_documents_too() {
        let counts = RubyIndex.render("banana", &[], &mut vec![Vec::new(); DOCUMENTS.len()]);
        assert_eq!(counts.len(), DOCUMENTS.len());
        assert_eq!(RubyIndex.prologue(SPECS, 0, &registry()), b"\x04\x08[\x00");
        assert_eq!(RubyIndex.prologue(NAMES, 0, &registry()), b"---\n");
    }

    #[test]
    fn unreadable_metadata_is_told() {
        let error = RubyIndex
            .member(&package("banana", "1", "ruby"), "{")
            .unwrap_err();
        assert!(error.contains("EOF"), "{error}");
    }
}
