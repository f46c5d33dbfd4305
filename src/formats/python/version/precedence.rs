//! Order of versions (PEP 440, "Summary of permitted suffixes and relative ordering").

use super::Version;

/// A number of any length: its digits without leading zeros, the fewer of which are the smaller number.
type Number = (usize, String);

/// Position of a version among all others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence {
    /// Whether it is no prerelease and no development release: installers take those only where they are asked to.
    is_final: bool,
    epoch: Number,
    release: Vec<Number>,
    pre: (Phase, Number),
    /// None before all numbers.
    post: Option<Number>,
    dev: Dev,
    /// None before all labels; within one, texts before numbers.
    local: Option<Vec<Segment>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// A development release of the release itself.
    Development,
    Alpha,
    Beta,
    Candidate,
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Number(Number),
    None,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Text(String),
    Number(Number),
}

impl Precedence {
    /// The position of a version; `None` for what is not one.
    pub(crate) fn of(version: &str) -> Option<Self> {
        let version = Version::parse(version)?;
        let canonical = version.canonical();
        let (epoch, rest) = canonical.split_once('!').unwrap_or(("0", &canonical));
        let (public, local) = match rest.split_once('+') {
            Some((public, local)) => (public, Some(local)),
            None => (rest, None),
        };
        let (public, dev) = with_number(public, ".dev");
        let (public, post) = with_number(public, ".post");
        let marks = [("a", Phase::Alpha), ("b", Phase::Beta), ("rc", Phase::Candidate)];
        let pre = marks.into_iter().find_map(|(mark, phase)| {
            let (release, digits) = public.split_once(mark)?;
            Some((release, (phase, number(digits))))
        });
        let (release, pre) = pre.unwrap_or_else(|| {
            let phase = if dev.is_some() && post.is_none() {
                Phase::Development
            } else {
                Phase::Release
            };
            (public, (phase, number("0")))
        });
        Some(Self {
            is_final: pre.0 == Phase::Release && dev.is_none(),
            epoch: number(epoch),
            release: release.split('.').map(number).collect(),
            pre,
            post,
            dev: dev.map_or(Dev::None, Dev::Number),
            local: local.map(|local| local.split('.').map(segment).collect()),
        })
    }
}

/// Text before a mark, and the number after it.
fn with_number<'a>(text: &'a str, mark: &str) -> (&'a str, Option<Number>) {
    match text.split_once(mark) {
        Some((before, digits)) => (before, Some(number(digits))),
        None => (text, None),
    }
}

fn segment(text: &str) -> Segment {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        Segment::Number(number(text))
    } else {
        Segment::Text(text.to_owned())
    }
}

fn number(digits: &str) -> Number {
    (digits.len(), digits.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of `packaging.version.Version`, which the comments of PEP 440 explain.
    const ORDERED: &[&str] = &[
        "1.dev0",
        "1.0.dev456",
        "1.0a1.dev1",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.0.15",
        "1.1.dev1",
        "1.9",
        "1.10",
        "1.99999999999999999999999999999999",
        "1.100000000000000000000000000000000",
        "2!0.1",
    ];

    #[test]
    fn versions_are_ordered_as_by_packaging() {
        let of = |text: &str| Precedence::of(text).expect(text);
        for pair in ORDERED.windows(2) {
            let (mut low, mut high) = (of(pair[0]), of(pair[1]));
            // Only installers prefer final releases.
            (low.is_final, high.is_final) = (true, true);
            assert!(low < high, "{pair:?}");
        }
        assert_eq!(of("1.0"), of("v1.0.0"));
    }

    #[test]
    fn prereleases_come_before_all_releases() {
        let of = |text: &str| Precedence::of(text).expect(text);
        for early in ["2.0rc1", "2.0.dev1", "2.0.post1.dev1", "3!1a1"] {
            assert!(of(early) < of("0.1"), "{early}");
        }
        assert!(of("2.0.post1") > of("2.0"));
        assert_eq!(Precedence::of("text"), None);
    }
}
