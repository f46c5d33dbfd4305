//! The definition of a format, of which each ecosystem's file holds one.

use super::manifest::{Manifest, Rejection};
use super::source::budget::Metered;
use crate::ecosystem::Ecosystem;

/// How packages of one ecosystem are read.
pub(super) struct Format {
    pub(super) ecosystem: Ecosystem,
    /// The packages that a registry of it holds, as a phrase: `gems (.gem)`.
    pub(super) holds: &'static str,
    /// The containers that its packages come in.
    pub(super) containers: &'static [Container],
    /// Reads a package, given the name of the uploaded file.
    pub(super) read: fn(&str, &mut Metered<'_>) -> Result<Manifest, Rejection>,
}

/// Archives and other forms that packages have on the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Ar,
    Gzip,
    Tar,
    Text,
    Zip,
}
