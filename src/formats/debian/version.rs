//! Versions of Debian packages: `[epoch:]upstream[-revision]` (`deb-version(7)`), as dpkg's
//! `parseversion` takes them.

use crate::formats::texts::alphabet::is_made_of;

/// Whether dpkg takes `version` without a warning.
pub(super) fn is_version(version: &str) -> bool {
    let Some((_, rest)) = epoch(version) else {
        return false;
    };
    let (upstream, revision) = match rest.rsplit_once('-') {
        None => (rest, None),
        Some((upstream, revision)) => (upstream, Some(revision)),
    };
    upstream.starts_with(|first: char| first.is_ascii_digit())
        && is_made_of(upstream, b".-+~:")
        && revision.is_none_or(|revision| !revision.is_empty() && is_made_of(revision, b".+~"))
}

/// The version with its epoch as a plain number, and without an epoch of zero, which is the default.
pub(super) fn normalized(version: &str) -> String {
    match epoch(version) {
        Some((epoch @ 1.., rest)) => format!("{epoch}:{rest}"),
        Some((0, rest)) => rest.to_owned(),
        None => version.to_owned(),
    }
}

/// The epoch and the rest of the version; none where the epoch is not a number that fits a C `int`.
fn epoch(version: &str) -> Option<(u32, &str)> {
    let Some((epoch, rest)) = version.split_once(':') else {
        return Some((0, version));
    };
    // A sign is something that `parse` takes.
    let digits = epoch.bytes().all(|byte| byte.is_ascii_digit());
    let number = epoch.parse::<u32>().ok();
    let number = number.filter(|&number| i32::try_from(number).is_ok());
    Some((number.filter(|_| digits)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_follow_the_rules_of_dpkg() {
        for version in [
            "1",
            "1:2.0~rc1+b-1",
            "0:1.0",
            "2147483647:1",
            "1-2-3",
            "1:2:3-4",
            "00:0-0",
        ] {
            assert!(is_version(version), "{version}");
        }
        for version in [
            "",
            "r10",
            "1.0-",
            "-1",
            ":1",
            "1:",
            "x:1",
            "-1:1",
            "+1:1",
            "2147483648:1",
            "99999999999:1.0",
            "1_0",
            "1.0-a:b",
            "1 0",
            "1.0-1/2",
            "~1",
            "1:r1",
            "1\u{fc}",
        ] {
            assert!(!is_version(version), "{version}");
        }
    }

    #[test]
    fn equal_epochs_are_normalized_to_one_spelling() {
        for (version, expected) in [("0:1-1", "1-1"), ("01:1", "1:1"), ("1:1:2", "1:1:2"), ("1", "1")] {
            assert_eq!(normalized(version), expected);
        }
    }
}
