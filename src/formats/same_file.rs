//! Releases whose files have one name, where clients make the name of a file from name, version and variant.

use super::{Ecosystem, ruby};
use crate::release::Release;

/// Other releases for which clients would ask by the file name of `release`: a registry holds one of them at most, or
/// a publisher could put another file in the place of one that is published.
pub(crate) fn same_file(ecosystem: Ecosystem, release: &Release) -> Vec<Release> {
    match ecosystem {
        Ecosystem::Ruby => ruby::same_full_name(release),
        Ecosystem::Alpine
        | Ecosystem::Debian
        | Ecosystem::Files
        | Ecosystem::Helm
        | Ecosystem::Java
        | Ecosystem::Javascript
        | Ecosystem::Nuget
        | Ecosystem::Python
        | Ecosystem::Redhat
        | Ecosystem::Terraform => Vec::new(),
    }
}
