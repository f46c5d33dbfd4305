//! Order of versions, as `Gem::Version` has it.

use std::cmp::Ordering;
use std::iter::repeat;

/// Whether this is a version before its release: `Gem::Version#prerelease?`.
pub(super) fn is_prerelease(version: &str) -> bool {
    version.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// The order of two versions: `Gem::Version#<=>`. Missing parts count as 0, and words stand before numbers.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let (left, right) = (Segment::canonical(left), Segment::canonical(right));
    let length = left.len().max(right.len());
    let padded = |segments: Vec<_>| {
        segments
            .into_iter()
            .chain(repeat(Segment::Number("")))
            .take(length)
    };
    let mut orders = padded(left)
        .zip(padded(right))
        .map(|(left, right)| left.compare(right));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A run of digits, or of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    /// Its digits, without zeros at the start: numbers have no bound.
    Number(&'a str),
    Word(&'a str),
}

impl<'a> Segment<'a> {
    /// The segments of a version, without the zeros that end its numbers and its whole:
    /// `Gem::Version#canonical_segments`.
    fn canonical(version: &'a str) -> Vec<Self> {
        let mut segments = Self::all(version);
        let first_word = segments
            .iter()
            .position(|segment| matches!(segment, Self::Word(_)));
        let mut words = segments.split_off(first_word.unwrap_or(segments.len()));
        for part in [&mut segments, &mut words] {
            while part.last() == Some(&Self::Number("")) {
                part.pop();
            }
        }
        segments.append(&mut words);
        segments
    }

    fn all(version: &'a str) -> Vec<Self> {
        let mut segments = Vec::new();
        let mut rest = version;
        while let Some(first) = rest.bytes().next() {
            let is_digit = first.is_ascii_digit();
            let same = |byte: &u8| {
                if is_digit {
                    byte.is_ascii_digit()
                } else {
                    byte.is_ascii_alphabetic()
                }
            };
            // Other characters, such as a dot, only separate.
            let end = rest.bytes().take_while(same).count();
            let (segment, after) = rest.split_at(end);
            if is_digit {
                segments.push(Self::Number(segment.trim_start_matches('0')));
            } else if end > 0 {
                segments.push(Self::Word(segment));
            }
            let separator = after.chars().next().filter(|_| end == 0);
            rest = separator.map_or(after, |separator| &after[separator.len_utf8()..]);
        }
        segments
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => {
                left.len().cmp(&right.len()).then_with(|| left.cmp(right))
            }
            (Self::Word(left), Self::Word(right)) => left.cmp(right),
            (Self::Word(_), Self::Number(_)) => Ordering::Less,
            (Self::Number(_), Self::Word(_)) => Ordering::Greater,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of `sort_by { |text| Gem::Version.new(text) }`, each above the one before it.
    const RISING: &[&str] = &[
        "0.0.beta",
        "0",
        "0.0.0.1.a",
        "1.a",
        "1.a.1",
        "1.a10",
        "1.b",
        "1.pre.2",
        "1.rc1",
        "1",
        "1.0.1",
        "1.2.a",
        "1.2",
        "1.9",
        "1.10",
        "1.10.0.1",
        "2.0.0.rc1",
        "2",
        "20240101000000",
        "99999999999999999999999999999999",
        "100000000000000000000000000000000",
    ];

    #[test]
    fn versions_are_ordered_as_rubygems_does() {
        for (place, left) in RISING.iter().enumerate() {
            for (other, right) in RISING.iter().enumerate() {
                assert_eq!(compare(left, right), place.cmp(&other), "{left} and {right}");
            }
        }
        for (left, right) in [("1", "1.0.0"), ("1.0.a", "1.a"), ("01", "1"), ("1.a.0", "1.a")] {
            assert_eq!(compare(left, right), Ordering::Equal, "{left} and {right}");
        }
    }

    #[test]
    fn letters_make_a_prerelease() {
        for (version, expected) in [("1.0.0", false), ("1.0.0.pre.1", true), ("1.0a", true)] {
            assert_eq!(is_prerelease(version), expected, "{version}");
        }
    }
}
