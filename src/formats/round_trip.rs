//! Facts read back as they were stored. The tests of every format read their packages through here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::manifest::metadata;
use super::mutations::SEEDS;
use super::{
    Ecosystem, Manifest, Rejection, Source, alpine, debian, files, helm, java, javascript, nuget, python,
    redhat, ruby, terraform,
};

/// Reads as [`super::read`] does, and checks that the facts of the package read back as their type.
pub(super) fn read(
    ecosystem: Ecosystem,
    filename: &str,
    source: &mut dyn Source,
) -> Result<Manifest, Rejection> {
    let manifest = super::read(ecosystem, filename, source)?;
    let stored = manifest.metadata.as_str();
    assert_eq!(stored_again(ecosystem, stored).as_deref(), Ok(stored));
    Ok(manifest)
}

/// The text that facts are stored as once they were read from `stored`.
fn stored_again(ecosystem: Ecosystem, stored: &str) -> Result<String, String> {
    match ecosystem {
        Ecosystem::Alpine => again::<alpine::Facts>(stored),
        Ecosystem::Debian => again::<debian::Facts>(stored),
        Ecosystem::Files => again::<files::Facts>(stored),
        Ecosystem::Helm => again::<helm::Facts>(stored),
        Ecosystem::Java => again::<java::Facts>(stored),
        Ecosystem::Javascript => again::<javascript::Facts>(stored),
        Ecosystem::Nuget => again::<nuget::Facts>(stored),
        Ecosystem::Python => again::<python::Facts>(stored),
        Ecosystem::Redhat => again::<redhat::Facts>(stored),
        Ecosystem::Ruby => again::<ruby::Facts>(stored),
        Ecosystem::Terraform => again::<terraform::Facts>(stored),
    }
}

fn again<'a, F: Serialize + Deserialize<'a>>(stored: &'a str) -> Result<String, String> {
    let facts: F = serde_json::from_str(stored).map_err(|error| error.to_string())?;
    Ok(metadata(&facts).unwrap().into())
}

/// Every copy of `value` that lacks one of its fields, at whatever depth.
fn with_one_field_less(value: &Value) -> Vec<Value> {
    let mut copies = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let mut without = fields.clone();
                without.remove(name);
                copies.push(Value::Object(without));
                for smaller in with_one_field_less(inner) {
                    let mut changed = fields.clone();
                    changed.insert(name.clone(), smaller);
                    copies.push(Value::Object(changed));
                }
            }
        }
        Value::Array(items) => {
            for (place, inner) in items.iter().enumerate() {
                for smaller in with_one_field_less(inner) {
                    let mut changed = items.clone();
                    changed[place] = smaller;
                    copies.push(Value::Array(changed));
                }
            }
        }
        _ => {}
    }
    copies
}

#[test]
fn facts_that_lack_a_field_read_too() {
    for seed in SEEDS {
        let stored = seed.manifest().metadata.value();
        for earlier in with_one_field_less(&stored) {
            let read = stored_again(seed.ecosystem, &earlier.to_string());
            assert!(read.is_ok(), "{} {read:?}: {earlier}", seed.ecosystem);
        }
        assert!(stored_again(seed.ecosystem, "{}").is_ok(), "{}", seed.ecosystem);
    }
}

#[test]
fn fields_of_later_versions_are_ignored() {
    for seed in SEEDS {
        let manifest = seed.manifest();
        let stored = manifest.metadata.as_str();
        let later = stored.replacen('{', r#"{"added_later":{"a":[1]},"#, 1);
        assert_eq!(
            stored_again(seed.ecosystem, &later).as_deref(),
            Ok(stored),
            "{}",
            seed.ecosystem
        );
    }
}
