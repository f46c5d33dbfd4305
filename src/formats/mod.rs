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
use serde_json::{Map, Value};

mod files;
mod ruby;

/// What a reader reads: any seekable bytes, never assumed to be in memory.
pub trait Source: Read + Seek {}
impl<S: Read + Seek> Source for S {}

/// What a package file says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The name as the file spells it: what people see.
    pub name: String,
    /// The name by the ecosystem's own rule of sameness: what releases are claimed by.
    pub normalized_name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The version by the ecosystem's own rule of sameness.
    pub normalized_version: String,
    /// Architecture, platform or distribution, where the ecosystem has such a thing.
    pub variant: Option<String>,
    /// What the ecosystem's native index needs to know, so that no file is ever read twice.
    pub metadata: Map<String, Value>,
}

/// Why a file is no package of its ecosystem: the field at fault, and a sentence to act upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The part of the file that is wrong, as its format calls it (`metadata.gz`, `version`).
    pub field: &'static str,
    /// What was found, what was expected, what to do next.
    pub message: String,
}

/// Reads `source`, uploaded under `filename`, as a package of `ecosystem`.
///
/// Blocking; reads only what it needs. Every bound is a named constant in the reader's file.
///
/// # Errors
/// A [`Rejection`] where the file is no package of that ecosystem.
pub fn read(ecosystem: Ecosystem, filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    (ecosystem.format().read)(filename, source)
}

/// What a registry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ecosystem {
    Files,
    Ruby,
}

/// One line of the list of formats.
struct Format {
    ecosystem: Ecosystem,
    /// The API's identifier.
    name: &'static str,
    /// Other spellings that the public service accepts; any case.
    aliases: &'static [&'static str],
    read: fn(&str, &mut dyn Source) -> Result<Manifest, Rejection>,
}

/// The list of formats. Adding one: a file beside this one, a variant above, a line here.
const FORMATS: &[Format] = &[
    Format {
        ecosystem: Ecosystem::Files,
        name: "files",
        aliases: &["file"],
        read: files::read,
    },
    Format {
        ecosystem: Ecosystem::Ruby,
        name: "ruby",
        aliases: &["rubygems"],
        read: ruby::read,
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
            .find(|format| same(&format.name) || format.aliases.iter().any(|alias| same(&alias)))
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
