//! Fields that name other packages: `Depends: libc6 (>= 2.36), a | b:any` (`deb-control(5)`), held
//! to dpkg's rules. apt gives up its whole update at one in a `Packages` file that it cannot read.

use super::version::is_version;
use super::{is_architecture, is_name};

/// Fields with alternatives, and fields without.
const WITH_ALTERNATIVES: &[&str] = &[
    "depends",
    "pre-depends",
    "recommends",
    "suggests",
    "enhances",
    "recommended",
    "optional",
];
const WITHOUT_ALTERNATIVES: &[&str] = &["breaks", "conflicts", "replaces", "provides"];

/// Whether `value` is valid for `field` (in lower case); true for fields that do not name packages.
pub(super) fn are_valid(field: &str, value: &str) -> bool {
    let separators: &[char] = if WITH_ALTERNATIVES.contains(&field) {
        &[',', '|']
    } else if WITHOUT_ALTERNATIVES.contains(&field) {
        &[',']
    } else {
        return true;
    };
    // The first must stand on the line of the field's name.
    let mut relations = value.split(separators);
    value.is_empty() || !value.starts_with('\n') && relations.all(|relation| is_relation(field, relation))
}

/// `name[:architecture] [(operator version)]`.
fn is_relation(field: &str, relation: &str) -> bool {
    let relation = relation.trim_matches(is_blank);
    let (package, version) = match relation.split_once('(') {
        None => (relation, None),
        Some((package, version)) => (package.trim_end_matches(is_blank), Some(version)),
    };
    let (name, architecture) = match package.split_once(':') {
        None => (package, None),
        Some((name, architecture)) => (name, Some(architecture)),
    };
    is_name(name)
        && architecture.is_none_or(is_architecture)
        && version.is_none_or(|version| is_bound(field, version))
}

/// The text behind the opening parenthesis. `<` and `>` are old for `<=` and `>=`, no operator is `=`.
fn is_bound(field: &str, bound: &str) -> bool {
    let Some(bound) = bound.strip_suffix(')') else {
        return false;
    };
    let bound = bound.trim_matches(is_blank);
    let operators = ["<<", "<=", ">>", ">=", "=", "<", ">"];
    let operator = operators.into_iter().find(|operator| bound.starts_with(operator));
    let version = operator.and_then(|operator| bound.strip_prefix(operator));
    let exact = operator.is_none_or(|operator| operator == "=");
    (exact || field != "provides") && is_version(version.unwrap_or(bound).trim_start_matches(is_blank))
}

/// `isspace` of C.
fn is_blank(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\u{b}'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_follow_the_rules_of_dpkg() {
        for value in [
            "",
            "a",
            "libc6 (>= 2.36), a | b:any , c(<<1~)",
            "a ( > 1:2-3 )",
            "a (1)",
            "a\n , b",
        ] {
            assert!(are_valid("depends", value), "{value}");
        }
        for value in [
            "a,",
            ",a",
            "a |",
            "\n a",
            "a b",
            "a (",
            "a ()",
            "a (>= 1",
            "a (>= 1) x",
            "a (>= 1) (= 2)",
            "a (<> 1)",
            "a (!= 1)",
            "a (>= 1 2)",
            "a (>= x)",
            "a (= 1-)",
            "a:",
            "a :any",
            "a (= 1):any",
            "-a",
            "a [amd64]",
            "a <!nocheck>",
            "${misc:Depends}",
        ] {
            assert!(!are_valid("depends", value), "{value}");
        }
    }

    #[test]
    fn alternatives_and_ranges_depend_on_the_field() {
        for field in WITHOUT_ALTERNATIVES {
            assert!(are_valid(field, "a (= 1), b"));
            assert!(!are_valid(field, "a | b"), "{field}");
        }
        assert!(are_valid("breaks", "a (<< 1)") && !are_valid("provides", "a (<< 1)"));
        assert!(are_valid("x-own", "a |,"));
    }
}
