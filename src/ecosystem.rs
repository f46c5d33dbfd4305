//! Ecosystems: the kinds of packages that a registry can hold, and their rule of equal names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Defines the enumeration and everything that is listed once for each ecosystem: a variant, the API's
/// identifier, and other spellings that the public service accepts.
macro_rules! ecosystems {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $(| $alias:literal)*,)*) => {
        /// The kind of packages that a registry holds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Ecosystem {
            $($(#[$doc])* $variant,)*
        }

        impl Ecosystem {
            const ALL: &[Self] = &[$(Self::$variant),*];

            /// The API's identifier: `ruby`, `files`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            fn aliases(self) -> &'static [&'static str] {
                match self {
                    $(Self::$variant => &[$($alias),*],)*
                }
            }
        }
    };
}

ecosystems! {
    /// Alpine packages.
    Alpine = "alpine" | "apk",
    /// Debian's binary packages.
    Debian = "debian" | "deb",
    /// Files of any kind, named `{BASENAME}-{SEMVER}.{EXT}`.
    Files = "files" | "file",
    /// Helm charts.
    Helm = "helm",
    /// Files of Maven artifacts.
    Java = "java" | "maven",
    /// npm packages.
    Javascript = "javascript" | "npm",
    /// `NuGet` packages.
    Nuget = "nuget",
    /// Wheels and source distributions.
    Python = "python" | "pypi",
    /// RPM packages.
    Redhat = "redhat" | "rpm",
    /// Gems.
    Ruby = "ruby" | "rubygems",
    /// Terraform modules.
    Terraform = "terraform",
}

impl Ecosystem {
    /// Every ecosystem, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }

    /// Whether the ecosystem's protocol has documents about all packages of a registry: each publish and each delete
    /// leaves a change for them.
    #[must_use]
    pub fn has_registry_index(self) -> bool {
        match self {
            Self::Javascript | Self::Python | Self::Ruby => true,
            Self::Alpine
            | Self::Debian
            | Self::Files
            | Self::Helm
            | Self::Java
            | Self::Nuget
            | Self::Redhat
            | Self::Terraform => false,
        }
    }

    /// Whether names have tags, texts that stand for one of their versions.
    #[must_use]
    pub fn has_tags(self) -> bool {
        self == Self::Javascript
    }

    /// A name in the one spelling that stands for all names which the ecosystem considers equal.
    #[must_use]
    pub fn normalize(self, name: &str) -> String {
        match self {
            Self::Debian | Self::Terraform => name.to_ascii_lowercase(),
            Self::Nuget => name.to_lowercase(),
            Self::Python => pep503(name),
            Self::Alpine
            | Self::Files
            | Self::Helm
            | Self::Java
            | Self::Javascript
            | Self::Redhat
            | Self::Ruby => name.to_owned(),
        }
    }
}

/// A Python name by PEP 503: lower case, and one `-` for every run of `-`, `_` and `.`.
fn pep503(name: &str) -> String {
    let mut normalized = String::with_capacity(name.len());
    for letter in name.chars() {
        let separator = matches!(letter, '-' | '_' | '.');
        match separator {
            true if normalized.ends_with('-') => {}
            true => normalized.push('-'),
            false => normalized.push(letter.to_ascii_lowercase()),
        }
    }
    normalized
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    /// Reads an identifier or another spelling of it, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_text = |name: &str| name.eq_ignore_ascii_case(text);
        Self::all()
            .find(|ecosystem| {
                is_text(ecosystem.as_str()) || ecosystem.aliases().iter().any(|alias| is_text(alias))
            })
            .ok_or_else(|| UnknownEcosystem(text.to_owned()))
    }
}

/// A text that does not name an ecosystem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownEcosystem(String);

impl fmt::Display for UnknownEcosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<_> = Ecosystem::all().map(Ecosystem::as_str).collect();
        write!(
            f,
            "`{}` is not an ecosystem that a registry can hold; use one of: {}",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystems_are_found_by_name_and_alias() {
        for (text, expected) in [
            ("ruby", Ecosystem::Ruby),
            ("RubyGems", Ecosystem::Ruby),
            ("NPM", Ecosystem::Javascript),
            ("file", Ecosystem::Files),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for ecosystem in Ecosystem::all() {
            assert_eq!(ecosystem.as_str().parse(), Ok(ecosystem));
        }
        let message = "rust".parse::<Ecosystem>().unwrap_err().to_string();
        assert!(message.starts_with("`rust` is not an ecosystem"), "{message}");
    }

    #[test]
    fn equal_names_have_one_spelling() {
        for (ecosystem, name, expected) in [
            (Ecosystem::Python, "Zope._-Interface", "zope-interface"),
            (Ecosystem::Nuget, "Straße.ÄB", "straße.äb"),
            (Ecosystem::Debian, "LibX11", "libx11"),
            (Ecosystem::Ruby, "RedCloth", "RedCloth"),
        ] {
            assert_eq!(ecosystem.normalize(name), expected);
        }
    }
}
