//! The compact index: `info/{name}` with a line for each gem of a name, `versions` with a line for each name, and
//! `names`. Bundler and RubyGems read it (`Bundler::CompactIndexClient`, `Gem::Resolver::APISet`).

use super::platform::RUBY;
use crate::digest::Digest;
use crate::formats::ruby::{NameFacts, number};

/// Line behind which the entries of each document begin.
pub(super) const START: &str = "---\n";

/// Requirement that every version meets, which no line mentions.
const ANY_VERSION: &str = ">= 0";

/// The line of a gem in `info/{name}`, such as `1.0.0-java rack:>= 2&< 4|checksum:…,ruby:>= 2.7`.
pub(super) fn line(version: &str, platform: &str, sha256: Digest<32>, facts: &NameFacts) -> String {
    let dependencies = facts.dependencies.iter();
    let dependencies = dependencies.map(|(name, requirement)| format!("{name}:{}", terms(requirement)));
    let dependencies = dependencies.collect::<Vec<_>>().join(",");
    let mut line = format!("{} {dependencies}|checksum:{sha256}", number(version, platform));
    for (key, requirement) in [("ruby", &facts.ruby), ("rubygems", &facts.rubygems)] {
        if !matches!(requirement.as_str(), "" | ANY_VERSION) {
            line.extend([",", key, ":", &terms(requirement)]);
        }
    }
    line.push('\n');
    line
}

/// The terms of a requirement, between which a line has no commas.
fn terms(requirement: &str) -> String {
    requirement.replace(", ", "&")
}

/// Version and platform of a gem's line. No version holds a `-`.
pub(super) fn version_and_platform(line: &str) -> (&str, &str) {
    let number = number_of(line);
    number.split_once('-').unwrap_or((number, RUBY))
}

fn number_of(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

/// `info/{name}`: the lines of all gems of a name, in the order in which they were published.
pub(super) fn info<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut info = START.to_owned();
    info.extend(lines);
    info
}

/// The line of `versions` for a name, with the MD5 of its `info/{name}`.
pub(super) fn versions_line(name: &str, lines: &[&str]) -> String {
    let numbers: Vec<_> = lines.iter().map(|line| number_of(line)).collect();
    let md5 = Digest::md5(info(lines.iter().copied()).as_bytes());
    format!("{name} {} {md5}\n", numbers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKSUM: &str = "checksum:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn lines_hold_what_an_install_needs() {
        let sha256 = Digest::sha256(b"abc");
        let mut facts = NameFacts::default();
        assert_eq!(
            line("1.0.0", "ruby", sha256, &facts),
            format!("1.0.0 |{CHECKSUM}\n")
        );
        let dependencies = [("rack", ">= 2.0, < 4"), ("rake", "~> 13.0")];
        let owned = |(name, requirement): (&str, &str)| (name.to_owned(), requirement.to_owned());
        facts.dependencies = dependencies.into_iter().map(owned).collect();
        facts.ruby = ">= 2.7, < 4.1.dev".to_owned();
        facts.rubygems = "> 1.3.1".to_owned();
        let native = line("2.1", "x86_64-linux-musl", sha256, &facts);
        assert_eq!(
            native,
            format!(
                "2.1-x86_64-linux-musl rack:>= 2.0&< 4,rake:~> 13.0|{CHECKSUM},ruby:>= 2.7&< 4.1.dev,\
                 rubygems:> 1.3.1\n"
            )
        );
        assert_eq!(version_and_platform(&native), ("2.1", "x86_64-linux-musl"));
        assert_eq!(version_and_platform("1.0.0 |x\n"), ("1.0.0", "ruby"));
    }

    #[test]
    fn versions_name_the_digest_of_the_info() {
        let lines = ["1.0.0 |checksum:a\n", "1.0.0-java |checksum:b\n"];
        assert_eq!(
            info(lines.into_iter()),
            "---\n1.0.0 |checksum:a\n1.0.0-java |checksum:b\n"
        );
        // printf '---\n1.0.0 |checksum:a\n1.0.0-java |checksum:b\n' | md5sum
        assert_eq!(
            versions_line("banana", &lines),
            "banana 1.0.0,1.0.0-java cae5e6c79c2ecfad809986a484d80a79\n"
        );
    }
}
