//! Full names of gems, `{name}-{version}` or `{name}-{version}-{platform}`, which can be meant in several ways: names
//! and platforms may hold a `-` and a number too.

use crate::formats::{MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};
use crate::release::Release;

/// Platform of gems that run on each, which a full name leaves out.
pub(crate) const RUBY: &str = "ruby";

/// Splits of one full name that are looked for.
const MAX_SPLITS: usize = 8;

/// The releases that a full name can mean, those with the longest names first. A version begins with a digit and
/// holds no `-`.
pub(crate) fn splits(full_name: &str) -> Vec<Release> {
    let dashes = full_name.rmatch_indices('-').map(|(at, _)| at);
    let splits = dashes.filter_map(|at| split(&full_name[..at], &full_name[at + 1..]));
    splits.take(MAX_SPLITS).collect()
}

/// Other gems with the full name of `release`.
pub(in crate::formats) fn same_full_name(release: &Release) -> Vec<Release> {
    let number = number(&release.version, release.variant.as_deref().unwrap_or_default());
    let mut others = splits(&format!("{}-{number}", release.name));
    others.retain(|other| other.name != release.name);
    others
}

/// A version, and its platform where that is not Ruby's own.
pub(crate) fn number(version: &str, platform: &str) -> String {
    if matches!(platform, "" | RUBY) {
        version.to_owned()
    } else {
        format!("{version}-{platform}")
    }
}

fn split(name: &str, rest: &str) -> Option<Release> {
    let (version, platform) = rest.split_once('-').unwrap_or((rest, RUBY));
    let release = Release {
        name: word(name, MAX_NAME_BYTES)?,
        version: word(version, MAX_VERSION_BYTES)?,
        variant: Some(word(platform, MAX_VARIANT_BYTES)?),
    };
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then_some(release)
}

/// A text that a gem's name, version or platform could be: no key is made of any other.
pub(crate) fn word(text: &str, most_bytes: usize) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let fits = !text.is_empty() && text.len() <= most_bytes && text.bytes().all(is_allowed);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(full_name: &str) -> Vec<String> {
        splits(full_name).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn full_names_are_split_in_every_way() {
        for (full_name, expected) in [
            ("banana-1.0.0", &["banana 1.0.0 (ruby)"][..]),
            ("fast-er-3.1.4-x86_64-linux", &["fast-er 3.1.4 (x86_64-linux)"]),
            ("a-1-2.0", &["a-1 2.0 (ruby)", "a 1 (2.0)"]),
            ("b-1.0-darwin-9", &["b-1.0-darwin 9 (ruby)", "b 1.0 (darwin-9)"]),
            ("banana", &[]),
            ("-1.0", &[]),
            ("banana-", &[]),
            ("banana-1.0-", &[]),
            ("banana-beta", &[]),
            ("", &[]),
            ("ü-1", &[]),
            ("a/b-1", &[]),
        ] {
            assert_eq!(shown(full_name), expected, "{full_name}");
        }
    }

    #[test]
    fn gems_of_one_full_name_are_rivals() {
        for (full_name, expected) in [
            ("banana-1.0.0", &[][..]),
            ("fast-er-3.1.4-x86_64-linux", &[]),
            ("b-1.0-darwin-9", &["b-1.0-darwin 9 (ruby)", "b 1.0 (darwin-9)"]),
            ("a-1-2-3", &["a-1-2 3 (ruby)", "a-1 2 (3)", "a 1 (2-3)"]),
        ] {
            for own in splits(full_name) {
                let shown: Vec<_> = same_full_name(&own).iter().map(ToString::to_string).collect();
                let others = expected.iter().filter(|other| **other != own.to_string());
                assert!(others.eq(shown.iter()), "{own}: {shown:?}");
            }
        }
    }

    #[test]
    fn splits_are_bounded() {
        let many = format!("a{}", "-1".repeat(2000));
        assert!(splits(&many).len() <= MAX_SPLITS);
        let names = shown("a-1-2-3-4-5-6-7-8-9-10");
        assert_eq!(names.len(), MAX_SPLITS);
        assert_eq!(names[0], "a-1-2-3-4-5-6-7-8-9 10 (ruby)");
        let long = "n".repeat(MAX_NAME_BYTES);
        assert_eq!(splits(&format!("{long}-1")).len(), 1);
        assert_eq!(splits(&format!("{long}n-1")).len(), 0);
    }
}
