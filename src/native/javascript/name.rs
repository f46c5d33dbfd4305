//! Names in npm's paths: a scope and a name are one segment (`@scope%2fname`) or two.

use crate::error::{Error, Result};
use crate::formats::javascript::is_name;
use crate::http::shown;

/// The name that the texts of a path begin with, and the texts after it.
///
/// # Errors
/// [`Error::NotFound`] where no package can have the name.
pub(super) fn split(values: &[String]) -> Result<(String, &[String])> {
    let (name, rest) = match values {
        [scope, name, rest @ ..] if scope.starts_with('@') && !scope.contains('/') => {
            (format!("{scope}/{name}"), rest)
        }
        [name, rest @ ..] => (name.clone(), rest),
        [] => (String::new(), values),
    };
    if is_name(&name) {
        return Ok((name, rest));
    }
    Err(Error::NotFound(format!(
        "`{}` cannot be the name of a package. Names are letters, digits, `-`, `.`, `_` and `~`, as in `left-pad` or \
         `@scope/left-pad`.",
        shown(&name)
    )))
}

/// The name that the texts of a path end with.
///
/// # Errors
/// [`Error::NotFound`] where no package can have the name.
pub(super) fn last(values: &[String]) -> Result<String> {
    let name = match values {
        [.., scope, name] if scope.starts_with('@') && !scope.contains('/') => format!("{scope}/{name}"),
        [.., name] => name.clone(),
        [] => String::new(),
    };
    split(&[name]).map(|(name, _)| name)
}

/// The name as an address has it, in one segment.
pub(super) fn in_address(name: &str) -> String {
    name.replace('/', "%2f")
}

/// The canonical file name of a version's tarball: without the scope, as `npm pack` of old called it.
pub(super) fn tarball(name: &str, version: &str) -> String {
    let bare = name.split_once('/').map_or(name, |(_, bare)| bare);
    format!("{bare}-{version}.tgz")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(values: &[&str]) -> Option<(String, Vec<String>)> {
        let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
        let split = split(&values).ok();
        split.map(|(name, rest)| (name, rest.to_vec()))
    }

    #[test]
    fn scopes_are_one_segment_or_part_of_one() {
        for (values, name, rest) in [
            (&["left-pad"][..], "left-pad", &[][..]),
            (&["@s/n"], "@s/n", &[]),
            (&["@s", "n"], "@s/n", &[]),
            (&["@s", "n", "1.0.0"], "@s/n", &["1.0.0"]),
            (&["@s/n", "1.0.0"], "@s/n", &["1.0.0"]),
            (&["n", "1.0.0"], "n", &["1.0.0"]),
            (&["-", "latest"], "-", &["latest"]),
        ] {
            let rest: Vec<String> = rest.iter().map(|&text: &&str| text.to_owned()).collect();
            assert_eq!(split_of(values), Some((name.to_owned(), rest)), "{values:?}");
        }
    }

    #[test]
    fn last_names_may_have_scopes() {
        for (values, expected) in [
            (&["n"][..], Some("n")),
            (&["o", "r", "@s", "n"], Some("@s/n")),
            (&["o", "r", "@s/n"], Some("@s/n")),
            (&["o", "r", "n"], Some("n")),
            (&["@s", ".."], None),
            (&[], None),
        ] {
            let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
            assert_eq!(last(&values).ok().as_deref(), expected, "{values:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_missing() {
        for values in [
            &[][..],
            &[""],
            &["@s"],
            &["@s/"],
            &["@/n"],
            &["@s/n/x"],
            &["s/n"],
            &[".."],
            &["@s", ".."],
            &["@s", "a/b"],
            &["a\0b"],
            &["_n"],
            &["näme"],
            &["a b"],
            &["node_modules"],
            &["%2f"],
        ] {
            assert_eq!(split_of(values), None, "{values:?}");
        }
        let long = "n".repeat(215);
        assert_eq!(split_of(&[&long]), None);
    }

    #[test]
    fn tarballs_are_called_without_their_scope() {
        assert_eq!(tarball("@s/n", "1.0.0-rc.1"), "n-1.0.0-rc.1.tgz");
        assert_eq!(tarball("n", "1.0.0"), "n-1.0.0.tgz");
    }
}
