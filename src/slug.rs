//! The names of organizations and registries in an address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// The longest slug, in bytes: every key of the table and the bucket holds two of them.
const MAX_SLUG_BYTES: usize = 100;

/// First segments of paths that are no organization's: below an organization lie the roots of its registries for
/// package managers.
const RESERVED: &[&str] = &[
    "access-token",
    "assets",
    "health",
    "login",
    "logout",
    "organizations",
    "packages",
    "ping",
    "sping",
    "terraform",
    "user",
    "v2",
];

/// Whether no organization may be called so.
#[must_use]
pub fn is_reserved(organization: &str) -> bool {
    RESERVED.contains(&organization)
}

/// An organization's or a registry's part of an address: 1 to 100 of `a-z`, `0-9`, `-` and `_`,
/// beginning with a letter or a digit. It never changes once made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Slug(String);

impl Slug {
    /// The slug of a name: its letters `a-z` in lower case and its digits, and a `-` for every run of other
    /// characters between them. `None` where nothing is left, or too much.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let parts = name.split(|character: char| !character.is_ascii_alphanumeric());
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        parts.join("-").to_ascii_lowercase().parse().ok()
    }

    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not a valid slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidSlug(String);

impl fmt::Display for InvalidSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a valid slug: use 1 to {MAX_SLUG_BYTES} of a-z, 0-9, - and _, beginning with a letter or a digit",
            self.0
        )
    }
}

impl std::error::Error for InvalidSlug {}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Slug {
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        let starts_well = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if starts_well && text.len() <= MAX_SLUG_BYTES && text.bytes().all(|b| allowed(&b)) {
            Ok(Self(text))
        } else {
            Err(InvalidSlug(text))
        }
    }
}

impl Serialize for Slug {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Slug;

    #[test]
    fn names_become_slugs_in_kebab_case() {
        for (name, slug) in [
            ("My Registry", "my-registry"),
            ("my_ruby.gems", "my-ruby-gems"),
            ("  --Größe 10!! ", "gr-e-10"),
            ("42", "42"),
            (&"a b".repeat(20), &format!("a{}-b", "-ba".repeat(19))),
        ] {
            assert_eq!(Slug::of_name(name).map(String::from).as_deref(), Some(slug));
        }
        for name in ["", " ", "💎", "---", &"a".repeat(101)] {
            assert_eq!(Slug::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn takes_what_stands_in_addresses_and_nothing_else() {
        for good in ["my_great_org", "my-registry", "0", &"a".repeat(100)] {
            assert_eq!(good.parse::<Slug>().map(String::from), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "-a",
            "_a",
            "A",
            "a/b",
            "a.b",
            "..",
            "ü",
            "a b",
            &"a".repeat(101),
        ] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }
}
