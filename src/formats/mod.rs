//! Reading packages: bytes → [`Manifest`].
//!
//! One file a format. A reader is given a bounded, seekable [`Source`] and the uploaded file's name,
//! and returns what the file contains. No AWS and no HTTP in here: a reader cannot tell a body in
//! memory from ranged reads of an object.

use std::io::{Read, Seek};

use self::budget::{Budget, Metered};
use self::manifest::metadata;
pub use self::manifest::{MAX_NAME, MAX_RELEASE, MAX_VARIANT, MAX_VERSION, Manifest, RawMetadata, Rejection};
use crate::cancellation::Cancellation;
pub use crate::ecosystem::Ecosystem;

mod alphabet;
mod alpine;
mod ar;
mod bounded;
mod budget;
mod compression;
mod debian;
mod digest;
mod files;
mod gzip;
mod helm;
mod inflate;
mod java;
mod javascript;
mod json;
mod latin1;
mod manifest;
#[cfg(test)]
mod mutations;
mod nuget;
mod python;
mod redhat;
mod ruby;
mod sniff;
mod tarball;
mod terraform;
mod xml;
mod yaml;
mod zip;

/// Bytes of metadata that are read of one package, decompressed.
const MAX_METADATA: u64 = 16 * 1024 * 1024;

/// What a reader reads: any seekable bytes, never assumed to be in memory.
///
/// Readers read and seek in small steps, so a source over a network keeps the blocks that it read last.
/// A reader takes every failure to read for damage of the file. A source that can fail otherwise
/// (ranged reads over a network) remembers its failure, and whoever made it asks for that first.
pub trait Source: Read + Seek {}
impl<S: Read + Seek> Source for S {}

/// Reads `source`, uploaded under `filename`, as a package of `ecosystem`.
///
/// Blocking; reads only what it needs, within a budget that grows with the file's length. Every other
/// bound is a named constant in the reader's file.
///
/// # Errors
/// A [`Rejection`] where the file is no package of that ecosystem, or costs more than its budget.
pub fn read(ecosystem: Ecosystem, filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    read_until(ecosystem, filename, source, Cancellation::default())
}

/// Reads as [`read`] does, as long as `cancellation` lets it: whoever made that asks it before a
/// rejection is believed.
///
/// # Errors
/// A [`Rejection`] where the file is no package of that ecosystem, or costs more than its budget.
pub fn read_until(
    ecosystem: Ecosystem,
    filename: &str,
    source: &mut dyn Source,
    cancellation: Cancellation,
) -> Result<Manifest, Rejection> {
    let format = format_of(ecosystem);
    let length = bounded::length_of(source).map_err(bounded::unreadable("file"))?;
    let budget = Budget::new(length, cancellation);
    let source = &mut Metered::new(source, &budget);
    let read = (format.read)(filename, source).and_then(Manifest::within_bounds);
    let read = match read {
        Err(rejection) => Err(sniff::told_apart(format, source).unwrap_or(rejection)),
        Ok(manifest) => {
            debug_assert_eq!(manifest.normalized_name, ecosystem.normalize(&manifest.name));
            Ok(manifest)
        }
    };
    // Whatever a reader made of a budget that did not last, this is why it could not go on.
    budget.refusal().map_or(read, Err)
}

/// How packages of one ecosystem are read.
struct Format {
    ecosystem: Ecosystem,
    /// The packages that a registry of it holds, in a sentence: `gems (.gem)`.
    holds: &'static str,
    /// The containers that its packages come in.
    containers: &'static [Container],
    read: fn(&str, &mut Metered<'_>) -> Result<Manifest, Rejection>,
}

/// Archives and other forms that packages have on the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Ar,
    Gzip,
    Tar,
    Text,
    Zip,
}

/// The format of an ecosystem's packages. A new one is a file beside the others, and a line here.
fn format_of(ecosystem: Ecosystem) -> &'static Format {
    match ecosystem {
        Ecosystem::Alpine => &alpine::FORMAT,
        Ecosystem::Debian => &debian::FORMAT,
        Ecosystem::Files => &files::FORMAT,
        Ecosystem::Helm => &helm::FORMAT,
        Ecosystem::Java => &java::FORMAT,
        Ecosystem::Javascript => &javascript::FORMAT,
        Ecosystem::Nuget => &nuget::FORMAT,
        Ecosystem::Python => &python::FORMAT,
        Ecosystem::Redhat => &redhat::FORMAT,
        Ecosystem::Ruby => &ruby::FORMAT,
        Ecosystem::Terraform => &terraform::FORMAT,
    }
}
