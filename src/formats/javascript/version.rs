//! Versions as npm reads them: `node-semver` in its loose way, which is how installers read what was
//! packed before 2014 and what other tools pack.

use semver::{BuildMetadata, Version};

use crate::formats::manifest::MAX_VERSION_BYTES;

/// The largest number of a release: JavaScript's `Number.MAX_SAFE_INTEGER`.
const MAX_NUMBER: u64 = (1 << 53) - 1;

/// A version as npm cleans it, and without build metadata, which npm holds equal.
pub(super) fn cleaned(stated: &str) -> Option<(String, String)> {
    let text = stated.trim_matches(char::is_whitespace);
    let text = text.trim_start_matches(|c: char| matches!(c, '=' | 'v') || c.is_whitespace());
    if text.len() > MAX_VERSION_BYTES {
        return None;
    }
    let mut version = Version::parse(&strict(text)?).ok()?;
    if [version.major, version.minor, version.patch]
        .iter()
        .any(|&number| number > MAX_NUMBER)
    {
        return None;
    }
    let whole = version.to_string();
    version.build = BuildMetadata::EMPTY;
    Some((whole, version.to_string()))
}

/// A version as releases are claimed by it, and as packuments name it; none for other texts.
pub(crate) fn normalized(stated: &str) -> Option<String> {
    cleaned(stated).map(|(_, normalized)| normalized)
}

/// Key by which the version that installers take is the greatest: a release before all prereleases, then by precedence.
pub(crate) fn precedence(version: &str) -> (bool, Option<Version>) {
    let version = Version::parse(version).ok();
    let is_release = version.as_ref().is_some_and(|version| version.pre.is_empty());
    (is_release, version)
}

/// The strict version that a loose one stands for: `01.2.3beta.04` is `1.2.3-beta.4`.
fn strict(text: &str) -> Option<String> {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (release, suffix) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let numbers: Vec<_> = release.split('.').map(without_zeros).collect::<Option<_>>()?;
    let mut strict = numbers.join(".");
    if !suffix.is_empty() {
        // A lone hyphen is an identifier, not the beginning of one.
        let is_begun = |rest: &&str| !rest.is_empty() && !rest.starts_with('.');
        let identifiers = suffix.strip_prefix('-').filter(is_begun);
        strict.push('-');
        strict.push_str(&prerelease(identifiers.unwrap_or(suffix)));
    }
    if let Some(build) = build {
        strict.push('+');
        strict.push_str(build);
    }
    Some(strict)
}

fn prerelease(identifiers: &str) -> String {
    let spelled = |identifier| without_zeros(identifier).unwrap_or(identifier);
    identifiers.split('.').map(spelled).collect::<Vec<_>>().join(".")
}

/// The number that `digits` spell; none for everything else.
fn without_zeros(digits: &str) -> Option<&str> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(match digits.trim_start_matches('0') {
        "" => "0",
        number => number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_cleaned_as_npm_cleans_them() {
        for (stated, whole, precedence) in [
            ("1.2.3", "1.2.3", "1.2.3"),
            (" =v1.2.3 ", "1.2.3", "1.2.3"),
            ("v 1.2.3+build.01", "1.2.3+build.01", "1.2.3"),
            ("1.2.3beta", "1.2.3-beta", "1.2.3-beta"),
            ("01.02.03-rc.01", "1.2.3-rc.1", "1.2.3-rc.1"),
            ("1.2.3-", "1.2.3--", "1.2.3--"),
            ("1.2.3--", "1.2.3--", "1.2.3--"),
            ("1.2.3-.1", "1.2.3--.1", "1.2.3--.1"),
            ("0.0.0-0a.x-y", "0.0.0-0a.x-y", "0.0.0-0a.x-y"),
            (
                "9007199254740991.0.0",
                "9007199254740991.0.0",
                "9007199254740991.0.0",
            ),
            (
                "1.0.0-99999999999999999999999.1",
                "1.0.0-99999999999999999999999.1",
                "1.0.0-99999999999999999999999.1",
            ),
        ] {
            let expected = Some((whole.to_owned(), precedence.to_owned()));
            assert_eq!(cleaned(stated), expected, "{stated}");
        }
    }

    #[test]
    fn releases_come_before_all_prereleases() {
        let mut versions = ["10.0.0-rc.1", "1.10.0", "text", "1.9.0", "10.0.0-rc.10"];
        versions.sort_by_key(|version| precedence(version));
        assert_eq!(
            versions,
            ["text", "10.0.0-rc.1", "10.0.0-rc.10", "1.9.0", "1.10.0"]
        );
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3-a_b",
            "a1.2.3",
            "1.2.x",
            "9007199254740992.0.0",
            "99999999999999999999999.0.0",
            "1.0.0/../2",
        ] {
            assert_eq!(cleaned(text), None, "{text}");
        }
    }
}
