//! Facts of a package that its name's record holds: what an index of one name shows, in little space.
//!
//! They are made of the package's metadata when it is published, so that an index of fifty packages is one read.
//! Each text holds the number of its format. Whoever meets another number, or no text, makes them of the
//! package's metadata again.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Ecosystem, python, ruby};

/// Bytes of the text. Larger facts are left out of the record, and always read from the package.
const MAX_BYTES: usize = 1024;

/// Facts of one ecosystem's packages that an index of one name shows.
pub trait NameFacts: Serialize + DeserializeOwned {
    /// Number of the format, raised with each change of what the facts hold or mean.
    const FORMAT: u32;

    /// The facts in a package's metadata.
    ///
    /// # Errors
    /// Where the metadata is not of this ecosystem.
    fn of_metadata(metadata: &str) -> serde_json::Result<Self>;
}

/// Facts with their format's number.
#[derive(Serialize, Deserialize)]
struct Numbered<F> {
    format: u32,
    #[serde(flatten)]
    facts: F,
}

/// The text that the name's record holds of a package with this metadata; `None` where its ecosystem has no such
/// facts, or they are too large.
pub(crate) fn name_facts(ecosystem: Ecosystem, metadata: &str) -> Option<String> {
    match ecosystem {
        Ecosystem::Python => write::<python::NameFacts>(metadata),
        Ecosystem::Ruby => write::<ruby::NameFacts>(metadata),
        Ecosystem::Alpine
        | Ecosystem::Debian
        | Ecosystem::Files
        | Ecosystem::Helm
        | Ecosystem::Java
        | Ecosystem::Javascript
        | Ecosystem::Nuget
        | Ecosystem::Redhat
        | Ecosystem::Terraform => None,
    }
}

fn write<F: NameFacts>(metadata: &str) -> Option<String> {
    let facts = F::of_metadata(metadata).ok()?;
    let format = F::FORMAT;
    let text = serde_json::to_string(&Numbered { format, facts }).ok()?;
    (text.len() <= MAX_BYTES).then_some(text)
}

/// The facts in the text of a name's record; `None` where they are of another format.
pub(crate) fn read_name_facts<F: NameFacts>(text: &str) -> Option<F> {
    let read: Numbered<F> = serde_json::from_str(text).ok()?;
    (read.format == F::FORMAT).then_some(read.facts)
}

#[cfg(test)]
mod tests {
    use super::super::mutations::SEEDS;
    use super::*;

    fn text_of(ecosystem: Ecosystem) -> Option<String> {
        let seed = SEEDS.iter().find(|seed| seed.ecosystem == ecosystem);
        let manifest = seed.expect("a package").manifest();
        name_facts(ecosystem, manifest.metadata.as_str())
    }

    #[test]
    fn facts_read_back_as_written() {
        let text = text_of(Ecosystem::Python).expect("facts");
        let facts: python::NameFacts = read_name_facts(&text).expect("facts of this format");
        assert_eq!(
            serde_json::to_value(&facts).expect("JSON")["metadata_sha256"]
                .as_str()
                .map(str::len),
            Some(64)
        );
        let text = text_of(Ecosystem::Ruby).expect("facts");
        assert!(read_name_facts::<ruby::NameFacts>(&text).is_some(), "{text}");
    }

    #[test]
    fn facts_of_other_formats_are_not_read() {
        let text = text_of(Ecosystem::Python).expect("facts");
        let later = text.replace(r#""format":1"#, r#""format":2"#);
        assert_ne!(later, text);
        assert!(read_name_facts::<python::NameFacts>(&later).is_none());
        for other in ["", "{}", "[]", r#"{"format":1,"requires_python":1}"#] {
            assert!(read_name_facts::<python::NameFacts>(other).is_none(), "{other}");
        }
    }

    #[test]
    fn large_facts_are_left_out() {
        let metadata = |length| format!(r#"{{"requires_python":"{}"}}"#, "9".repeat(length));
        assert!(name_facts(Ecosystem::Python, &metadata(900)).is_some());
        assert_eq!(name_facts(Ecosystem::Python, &metadata(1000)), None);
        assert_eq!(name_facts(Ecosystem::Python, "no JSON"), None);
        assert_eq!(name_facts(Ecosystem::Files, "{}"), None);
    }
}
