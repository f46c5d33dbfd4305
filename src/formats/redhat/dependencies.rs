//! Dependencies of an RPM package, as `primary.xml` lists them.

use std::collections::{HashMap, HashSet};

use super::facts::{Comparison, Dependencies, Dependency, Evr};
use super::files::Files;
use super::header::Header;
use super::libc::LibcVersion;
use super::text::{Text, cut};

/// Dependencies of one package, all kinds together. Kernels provide some 25,000 symbols.
pub(super) const MAX_DEPENDENCIES: usize = 50_000;

/// Tags of name, flags and version of each kind.
const PROVIDES: [u32; 3] = [1047, 1112, 1113];
const REQUIRES: [u32; 3] = [1049, 1048, 1050];
const CONFLICTS: [u32; 3] = [1054, 1053, 1055];
const OBSOLETES: [u32; 3] = [1090, 1114, 1115];
const RECOMMENDS: [u32; 3] = [5046, 5048, 5047];
const SUGGESTS: [u32; 3] = [5049, 5051, 5050];
const SUPPLEMENTS: [u32; 3] = [5052, 5054, 5053];
const ENHANCES: [u32; 3] = [5055, 5057, 5056];

const KINDS: [[u32; 3]; 8] = [
    PROVIDES,
    REQUIRES,
    CONFLICTS,
    OBSOLETES,
    RECOMMENDS,
    SUGGESTS,
    SUPPLEMENTS,
    ENHANCES,
];

/// The comparison among `RPMSENSE_LESS`, `GREATER` and `EQUAL`.
const COMPARISON: u64 = 0x0f;
/// `RPMSENSE_POSTTRANS`, `PREREQ`, `PRETRANS`, `SCRIPT_PRE` and `SCRIPT_POST`: needed before the
/// package's scripts run.
const PRE: u64 = 1 << 5 | 1 << 6 | 1 << 7 | 1 << 9 | 1 << 10;

impl<'a> Dependencies<Text<'a>> {
    /// Reads the dependencies of all kinds; none where there are too many.
    pub(super) fn read(header: &'a Header, files: &Files<'a>) -> Option<Self> {
        let count = |[names, ..]: [u32; 3]| header.texts(names).take(MAX_DEPENDENCIES + 1).count();
        if KINDS.into_iter().map(count).sum::<usize>() > MAX_DEPENDENCIES {
            return None;
        }
        let provides = listed(header, PROVIDES);
        let requires = listed(header, REQUIRES);
        let names = requires.iter().map(|dependency| dependency.name);
        let own_files = files.own(names.filter(|name| is_primary(name.0)));
        let requires = required(requires, &provides, &own_files);
        Some(Self {
            provides,
            requires,
            conflicts: listed(header, CONFLICTS),
            obsoletes: listed(header, OBSOLETES),
            suggests: listed(header, SUGGESTS),
            enhances: listed(header, ENHANCES),
            recommends: listed(header, RECOMMENDS),
            supplements: listed(header, SUPPLEMENTS),
        })
    }
}

/// The tags of all texts above.
pub(super) fn texts() -> impl Iterator<Item = u32> {
    KINDS
        .into_iter()
        .flat_map(|[names, _, versions]| [names, versions])
}

fn listed(header: &Header, [names, flags, versions]: [u32; 3]) -> Vec<Dependency<Text<'_>>> {
    let pre = names == REQUIRES[0];
    let rows = header.texts(names).zip(header.numbers(flags));
    rows.zip(header.texts(versions))
        .filter_map(|((name, flags), version)| Dependency::new(name, flags, version.0, pre))
        .collect()
}

impl<'a> Dependency<Text<'a>> {
    /// None where the version is malformed; indexes leave such dependencies out.
    fn new(name: Text<'a>, flags: u64, evr: &'a [u8], may_be_pre: bool) -> Option<Self> {
        Some(Self {
            name,
            flags: comparison(flags),
            version: Evr::read(evr)?,
            pre: may_be_pre && flags & PRE != 0,
        })
    }

    /// All fields except `pre`.
    fn meaning(&self) -> (Text<'a>, Option<Comparison>, Evr<Text<'a>>) {
        (self.name, self.flags, self.version)
    }
}

fn comparison(flags: u64) -> Option<Comparison> {
    match flags & COMPARISON {
        0x02 => Some(Comparison::Less),
        0x04 => Some(Comparison::Greater),
        0x08 => Some(Comparison::Equal),
        0x0a => Some(Comparison::LessOrEqual),
        0x0c => Some(Comparison::GreaterOrEqual),
        _ => None,
    }
}

impl<'a> Evr<Text<'a>> {
    /// Reads `[epoch:]version[-release]`; the default epoch is 0. None where the epoch is not a number.
    fn read(evr: &'a [u8]) -> Option<Self> {
        if evr.is_empty() {
            return Some(Self::default());
        }
        let (epoch, rest) = match cut(evr, b':') {
            Some((epoch, _)) if !epoch.iter().all(u8::is_ascii_digit) => return None,
            Some((epoch @ [_, ..], rest)) => (epoch, rest),
            Some((_, rest)) => (&b"0"[..], rest),
            None => (&b"0"[..], evr),
        };
        let (version, release) = match cut(rest, b'-') {
            None => (rest, None),
            Some((version, release)) => (version, Some(release).filter(|release| !release.is_empty())),
        };
        Some(Self {
            epoch: Some(Text(epoch)),
            version: Some(Text(version)),
            release: release.map(Text),
        })
    }
}

/// The requirements that `primary.xml` lists: none of rpm itself, none that the package meets itself,
/// none twice, and only the highest of the versions of libc.
fn required<'a>(
    all: Vec<Dependency<Text<'a>>>,
    own: &[Dependency<Text<'a>>],
    own_files: &HashSet<Text<'a>>,
) -> Vec<Dependency<Text<'a>>> {
    let own: HashSet<_> = own.iter().map(Dependency::meaning).collect();
    let mut last: HashMap<Text<'a>, Dependency<Text<'a>>> = HashMap::new();
    let mut kept = Vec::new();
    let mut libc: Option<(LibcVersion<'a>, Dependency<Text<'a>>)> = None;
    for dependency in all {
        let name = dependency.name;
        if name.0.starts_with(b"rpmlib(")
            || own.contains(&dependency.meaning())
            || own_files.contains(&name)
            || last.get(&name) == Some(&dependency)
        {
            continue;
        }
        if name.0.starts_with(b"libc.so.6") {
            let version = LibcVersion::of(name.0);
            if libc.is_none_or(|(highest, _)| version.is_above(highest)) {
                libc = Some((version, dependency));
            }
            continue;
        }
        last.insert(name, dependency);
        kept.push(dependency);
    }
    kept.extend(libc.map(|(_, dependency)| dependency));
    kept
}

/// Paths that `primary.xml` lists, so that they can be required without the file lists.
fn is_primary(path: &[u8]) -> bool {
    path.starts_with(b"/etc/")
        || path.windows(4).any(|window| window == b"bin/")
        || path == b"/usr/lib/sendmail"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &'static str, flags: u64, evr: &'static str) -> Dependency<Text<'static>> {
        Dependency::new(Text(name.as_bytes()), flags, evr.as_bytes(), true).unwrap()
    }

    #[test]
    fn versions_are_taken_apart() {
        let text = |text: &'static str| Some(Text(text.as_bytes()));
        for (evr, epoch, version, release) in [
            ("1:2.0-3", text("1"), text("2.0"), text("3")),
            ("2.0", text("0"), text("2.0"), None),
            (":2.0-", text("0"), text("2.0"), None),
            ("", None, None, None),
        ] {
            let expected = Evr {
                epoch,
                version,
                release,
            };
            assert_eq!(Evr::read(evr.as_bytes()), Some(expected));
        }
        assert_eq!(Evr::read(b"x:2.0"), None);
    }

    #[test]
    fn requirements_are_those_that_primary_lists() {
        let all = vec![
            dependency("rpmlib(X)", 0, ""),
            dependency("own", 0x08, "1-1"),
            dependency("own", 0, ""),
            dependency("/usr/bin/own", 0, ""),
            dependency("/usr/share/own", 0, ""),
            dependency("a", 0x0c, "1"),
            dependency("a", 0x0c, "1"),
            dependency("libc.so.6()(64bit)", 0, ""),
            dependency("libc.so.6(GLIBC_2.14)(64bit)", 0, ""),
            dependency("libc.so.6(GLIBC_2.4)(64bit)", 0, ""),
            dependency("/bin/sh", 1 << 9, ""),
        ];
        let provides = [dependency("own", 0x08, "1-1")];
        let own_files = HashSet::from([Text(b"/usr/bin/own")]);
        let kept = required(all, &provides, &own_files);
        let names: Vec<_> = kept
            .iter()
            .map(|kept| (kept.name.to_string(), kept.pre))
            .collect();
        let expected = [
            ("own", false),
            ("/usr/share/own", false),
            ("a", false),
            ("/bin/sh", true),
            ("libc.so.6(GLIBC_2.14)(64bit)", false),
        ];
        assert_eq!(names, expected.map(|(name, pre)| (name.to_owned(), pre)));
    }
}
