//! The fields of a control file whose values dpkg holds to rules, and those that it wants nowhere.

use super::relations;
use crate::formats::manifest::Rejection;
use crate::formats::texts::deb822::Paragraph;

/// Fields of dpkg's own files, which a package must not bring along.
const OF_INSTALLED_PACKAGES: &[&str] = &["status", "config-version", "triggers-pending", "triggers-awaited"];
/// Fields of before 1996, which dpkg adds to the version.
const REVISIONS: &[&str] = &["revision", "package-revision", "package_revision"];
const SWITCHES: &[&str] = &["essential", "protected"];

/// Refuses fields that dpkg refuses.
pub(super) fn check(control: &Paragraph) -> Result<(), Rejection> {
    for (name, value) in &control.fields {
        let field = name.to_ascii_lowercase();
        if let Some(expected) = fault(&field, value, control) {
            let message =
                format!("The control file's `{name}` {expected}; correct it and build the package again.");
            return Err(Rejection::new("control", message));
        }
    }
    Ok(())
}

/// A field's fault, as a phrase that follows its name.
fn fault(field: &str, value: &str, control: &Paragraph) -> Option<&'static str> {
    let is_one_of = |known: &[&str]| known.iter().any(|known| value.eq_ignore_ascii_case(known));
    let architecture = control.get("Architecture");
    match field {
        _ if field.len() < 2 => Some("has a name of one letter"),
        _ if OF_INSTALLED_PACKAGES.contains(&field) => Some("is for installed packages only"),
        _ if REVISIONS.contains(&field) => Some("belongs in `Version`"),
        _ if value.is_empty() => None,
        _ if SWITCHES.contains(&field) && !is_one_of(&["yes", "no"]) => Some("must be `yes` or `no`"),
        "multi-arch" if !is_one_of(&["same", "foreign", "allowed", "no"]) => {
            Some("must be `same`, `foreign`, `allowed` or `no`")
        }
        "multi-arch" if is_one_of(&["same"]) && architecture == Some("all") => {
            Some("must not be `same` where `Architecture` is `all`")
        }
        _ if !relations::are_valid(field, value) => Some("must be such as `libc6 (>= 2.36), perl`"),
        _ => None,
    }
}
