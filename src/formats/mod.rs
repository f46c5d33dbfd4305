//! Reading packages: bytes → [`Manifest`].
//!
//! One file per ecosystem, above what they share: [`containers`] (archives and compressions), [`texts`]
//! (languages and encodings of manifests) and [`source`] (bounded bytes). A reader gets a seekable
//! [`Source`] and the uploaded file's name, and returns what the file contains. No AWS and no HTTP in
//! here: a reader cannot tell a body in memory from ranged reads of an object.

use self::format::Format;
pub use self::manifest::{
    MAX_NAME_BYTES, MAX_RELEASE_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES, Manifest, RawMetadata, Rejection,
};
pub use self::name_facts::NameFacts;
pub(crate) use self::name_facts::{name_facts, read_name_facts};
pub(crate) use self::same_file::same_file;
pub use self::source::Source;
use self::source::bounded::{length_of, unreadable};
use self::source::budget::{Budget, Metered};
use crate::cancellation::Cancellation;
pub use crate::ecosystem::Ecosystem;

pub(crate) mod alpine;
pub(crate) mod debian;
pub(crate) mod files;
pub(crate) mod helm;
pub(crate) mod java;
pub(crate) mod javascript;
pub(crate) mod nuget;
pub(crate) mod python;
pub(crate) mod redhat;
pub(crate) mod ruby;
mod same_file;
pub(crate) mod terraform;

mod containers;
mod foreign;
mod format;
mod manifest;
#[cfg(test)]
mod mutations;
mod name_facts;
#[cfg(test)]
mod round_trip;
mod source;
mod texts;

/// Reads `source`, uploaded under `filename`, as a package of `ecosystem`.
///
/// Blocking. Reads only what it needs, within a budget that grows with the file's length; all other
/// bounds are named constants in the files that they apply to.
///
/// # Errors
/// A [`Rejection`] where the file is not a package of that ecosystem, or costs more than its budget.
///
/// # Examples
/// ```
/// use std::io::Cursor;
///
/// use packages_api::formats::{Ecosystem, read};
///
/// let mut pom = Cursor::new(
///     "<project><groupId>org.example</groupId><artifactId>fruit</artifactId><version>1.0</version></project>",
/// );
/// let manifest = read(Ecosystem::Java, "fruit-1.0.pom", &mut pom)?;
/// assert_eq!(manifest.name, "org.example:fruit");
/// assert_eq!(manifest.version, "1.0");
/// assert_eq!(manifest.variant.as_deref(), Some("pom"));
///
/// let mut page = Cursor::new("<!DOCTYPE html><title>Not found</title>");
/// let rejection = read(Ecosystem::Ruby, "fruit-1.0.gem", &mut page).unwrap_err();
/// assert_eq!(rejection.field, "file");
/// assert!(rejection.message.contains("HTML page"));
/// # Ok::<(), packages_api::formats::Rejection>(())
/// ```
pub fn read(ecosystem: Ecosystem, filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    read_until(ecosystem, filename, source, Cancellation::default())
}

/// Reads as [`read`] does, until `cancellation` ends the reading. The owner of the cancellation checks
/// it before a rejection is believed.
///
/// # Errors
/// A [`Rejection`] where the file is not a package of that ecosystem, or costs more than its budget.
pub fn read_until(
    ecosystem: Ecosystem,
    filename: &str,
    source: &mut dyn Source,
    cancellation: Cancellation,
) -> Result<Manifest, Rejection> {
    let format = format_of(ecosystem);
    let length = length_of(source).map_err(unreadable("file"))?;
    let budget = Budget::new(length, cancellation);
    let source = &mut Metered::new(source, &budget);
    let read = (format.read)(filename, source).and_then(Manifest::within_bounds);
    let read = match read {
        Err(rejection) => Err(foreign::explain_foreign_file(format, source).unwrap_or(rejection)),
        Ok(manifest) => {
            debug_assert_eq!(manifest.normalized_name, ecosystem.normalize(&manifest.name));
            Ok(manifest)
        }
    };
    // A reader may have mistaken the end of its budget for damage, or even for the end of the file.
    budget.refusal().map_or(read, Err)
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
