//! Reading packages: bytes → [`Manifest`].
//!
//! One file a format, one list of formats ([`FORMATS`]). A reader is given a bounded, seekable
//! [`Source`] and the uploaded file's name, and answers what the file itself says it is. No AWS and
//! no HTTP in here: a reader cannot tell a body in memory from ranged reads of an object.
//!
//! A new format touches two files: its own, and this list.

use std::fmt;
use std::io::{Read, Seek};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::budget::{Budget, Metered};
pub use self::cancellation::Cancellation;
use self::manifest::metadata;
pub use self::manifest::{MAX_NAME, MAX_RELEASE, MAX_VARIANT, MAX_VERSION, Manifest, RawMetadata, Rejection};

mod alphabet;
mod alpine;
mod ar;
mod bounded;
mod budget;
mod cancellation;
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
    let format = ecosystem.format();
    let length = bounded::length_of(source).map_err(bounded::unreadable("file"))?;
    let budget = Budget::new(length, cancellation);
    let source = &mut Metered::new(source, &budget);
    let read = (format.read)(filename, source).and_then(Manifest::within_bounds);
    let read = match read {
        Err(rejection) => Err(sniff::told_apart(format, source).unwrap_or(rejection)),
        Ok(manifest) => {
            debug_assert_eq!(manifest.normalized_name, (format.normalize)(&manifest.name));
            Ok(manifest)
        }
    };
    // Whatever a reader made of a budget that did not last, this is why it could not go on.
    budget.refusal().map_or(read, Err)
}

/// What a registry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ecosystem {
    /// Alpine's packages.
    Alpine,
    /// Debian's binary packages.
    Debian,
    /// Anything that is named `{BASENAME}-{SEMVER}.{EXT}`.
    Files,
    /// Helm's charts.
    Helm,
    /// Maven's single files.
    Java,
    /// npm's packages.
    Javascript,
    /// `NuGet`'s packages.
    Nuget,
    /// Wheels and source distributions.
    Python,
    /// RPM packages.
    Redhat,
    /// Gems.
    Ruby,
    /// Terraform's modules.
    Terraform,
}

/// One line of the list of formats.
struct Format {
    ecosystem: Ecosystem,
    /// The API's identifier.
    name: &'static str,
    /// Other spellings that the public service accepts; any case.
    aliases: &'static [&'static str],
    /// What a registry of it holds, in a sentence: `gems (.gem)`.
    holds: &'static str,
    /// What its packages are made of on the outside.
    made_of: &'static [Container],
    /// A name by the ecosystem's own rule of sameness.
    normalize: fn(&str) -> String,
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

/// The list of formats. Adding one: a file beside this one, a variant above, a line here.
const FORMATS: &[Format] = &[
    Format {
        ecosystem: Ecosystem::Alpine,
        name: "alpine",
        aliases: &["apk"],
        holds: "Alpine packages (`.apk`)",
        made_of: &[Container::Gzip],
        normalize: str::to_owned,
        read: alpine::read,
    },
    Format {
        ecosystem: Ecosystem::Debian,
        name: "debian",
        aliases: &["deb"],
        holds: "Debian packages (`.deb`)",
        made_of: &[Container::Ar],
        normalize: str::to_ascii_lowercase,
        read: debian::read,
    },
    Format {
        ecosystem: Ecosystem::Files,
        name: "files",
        aliases: &["file"],
        holds: "files of any kind",
        made_of: &[],
        normalize: str::to_owned,
        read: files::read,
    },
    Format {
        ecosystem: Ecosystem::Helm,
        name: "helm",
        aliases: &[],
        holds: "Helm charts (`.tgz`)",
        made_of: &[Container::Gzip],
        normalize: str::to_owned,
        read: helm::read,
    },
    Format {
        ecosystem: Ecosystem::Java,
        name: "java",
        aliases: &["maven"],
        holds: "files of Maven artifacts (`.pom`, `.jar`, `.war`, `.aar`)",
        made_of: &[Container::Text, Container::Zip],
        normalize: str::to_owned,
        read: java::read,
    },
    Format {
        ecosystem: Ecosystem::Javascript,
        name: "javascript",
        aliases: &["npm"],
        holds: "npm packages (`.tgz`)",
        made_of: &[Container::Gzip, Container::Tar],
        normalize: str::to_owned,
        read: javascript::read,
    },
    Format {
        ecosystem: Ecosystem::Nuget,
        name: "nuget",
        aliases: &[],
        holds: "NuGet packages (`.nupkg`) and their symbols (`.snupkg`)",
        made_of: &[Container::Zip],
        normalize: str::to_lowercase,
        read: nuget::read,
    },
    Format {
        ecosystem: Ecosystem::Python,
        name: "python",
        aliases: &["pypi"],
        holds: "wheels (`.whl`) and source distributions (`.tar.gz`, `.zip`)",
        made_of: &[Container::Gzip, Container::Zip],
        normalize: python::normalized,
        read: python::read,
    },
    Format {
        ecosystem: Ecosystem::Redhat,
        name: "redhat",
        aliases: &["rpm"],
        holds: "RPM packages (`.rpm`)",
        made_of: &[],
        normalize: str::to_owned,
        read: redhat::read,
    },
    Format {
        ecosystem: Ecosystem::Ruby,
        name: "ruby",
        aliases: &["rubygems"],
        holds: "gems (`.gem`)",
        made_of: &[Container::Tar],
        normalize: str::to_owned,
        read: ruby::read,
    },
    Format {
        ecosystem: Ecosystem::Terraform,
        name: "terraform",
        aliases: &[],
        holds: "Terraform modules (`.tgz`)",
        made_of: &[Container::Gzip],
        normalize: str::to_ascii_lowercase,
        read: terraform::read,
    },
];

impl Ecosystem {
    /// Every ecosystem whose packages can be read.
    pub fn all() -> impl Iterator<Item = Self> {
        FORMATS.iter().map(|format| format.ecosystem)
    }

    /// The API's identifier: `ruby`, `files`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.format().name
    }

    /// A name by the ecosystem's own rule of sameness.
    #[must_use]
    pub fn normalize(self, name: &str) -> String {
        (self.format().normalize)(name)
    }

    fn format(self) -> &'static Format {
        FORMATS
            .iter()
            .find(|format| format.ecosystem == self)
            .unwrap_or(&FORMATS[0])
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let same = |name: &&str| name.eq_ignore_ascii_case(text);
        FORMATS
            .iter()
            .find(|format| same(&format.name) || format.aliases.iter().any(same))
            .map(|format| format.ecosystem)
            .ok_or_else(|| UnknownEcosystem(text.to_owned()))
    }
}

/// A name that is none of the list's, nor one of its aliases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEcosystem(String);

impl fmt::Display for UnknownEcosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Ecosystem::all().map(Ecosystem::as_str).collect();
        write!(
            f,
            "`{}` is no ecosystem that can be published here; it is one of: {}",
            self.0,
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownEcosystem {}

impl Serialize for Ecosystem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Ecosystem {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
