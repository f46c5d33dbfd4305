//! What an RPM package provides, requires and so on, as `primary.xml` lists it.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::header::Header;

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

/// The comparison among `RPMSENSE_LESS`, `GREATER` and `EQUAL`.
const COMPARISON: u64 = 0x0f;
/// `RPMSENSE_POSTTRANS`, `PREREQ`, `PRETRANS`, `SCRIPT_PRE` and `SCRIPT_POST`: needed before the
/// package's scripts run.
const PRE: u64 = 1 << 5 | 1 << 6 | 1 << 7 | 1 << 9 | 1 << 10;

/// All kinds.
#[derive(Debug, Serialize)]
pub(super) struct Dependencies {
    provides: Vec<Dependency>,
    /// Without what `primary.xml` leaves out: `rpmlib(…)`, and what the package has itself.
    requires: Vec<Dependency>,
    conflicts: Vec<Dependency>,
    obsoletes: Vec<Dependency>,
    suggests: Vec<Dependency>,
    enhances: Vec<Dependency>,
    recommends: Vec<Dependency>,
    supplements: Vec<Dependency>,
}

/// A name, and perhaps the versions of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Dependency {
    name: String,
    /// `LT`, `GT`, `EQ`, `LE` or `GE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pre: bool,
}

impl Dependencies {
    /// Nothing where there are too many. `own_files` tells which of some paths the package holds.
    pub(super) fn read(
        header: &Header,
        own_files: impl Fn(&HashSet<&str>) -> HashSet<String>,
    ) -> Option<Self> {
        let kinds = [
            PROVIDES,
            REQUIRES,
            CONFLICTS,
            OBSOLETES,
            RECOMMENDS,
            SUGGESTS,
            SUPPLEMENTS,
            ENHANCES,
        ];
        let count = |[names, ..]: [u32; 3]| header.texts(names).take(MAX_DEPENDENCIES + 1).count();
        if kinds.into_iter().map(count).sum::<usize>() > MAX_DEPENDENCIES {
            return None;
        }
        let provides = listed(header, PROVIDES);
        let requires = listed(header, REQUIRES);
        let names = requires.iter().map(|dependency| dependency.name.as_str());
        let own_files = own_files(&names.filter(|name| is_primary(name)).collect());
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

fn listed(header: &Header, [names, flags, versions]: [u32; 3]) -> Vec<Dependency> {
    let pre = names == REQUIRES[0];
    let rows = header.texts(names).zip(header.numbers(flags));
    rows.zip(header.texts(versions))
        .map(|((name, flags), version)| Dependency::new(name, flags, &version, pre))
        .collect()
}

impl Dependency {
    fn new(name: String, flags: u64, evr: &str, may_be_pre: bool) -> Self {
        let (epoch, version, release) = parts(evr);
        Self {
            name,
            flags: comparison(flags),
            epoch,
            version,
            release,
            pre: may_be_pre && flags & PRE != 0,
        }
    }
}

impl Dependency {
    /// Everything but when it is needed.
    fn meaning(&self) -> (&str, Option<&str>, [Option<&str>; 3]) {
        let evr = [&self.epoch, &self.version, &self.release];
        (&self.name, self.flags, evr.map(Option::as_deref))
    }
}

fn comparison(flags: u64) -> Option<&'static str> {
    match flags & COMPARISON {
        0x02 => Some("LT"),
        0x04 => Some("GT"),
        0x08 => Some("EQ"),
        0x0a => Some("LE"),
        0x0c => Some("GE"),
        _ => None,
    }
}

/// `[epoch:]version[-release]`; an epoch that is not said is 0.
fn parts(evr: &str) -> (Option<String>, Option<String>, Option<String>) {
    if evr.is_empty() {
        return (None, None, None);
    }
    let (epoch, rest) = match evr.split_once(':') {
        Some((epoch, rest)) if epoch.parse::<u64>().is_ok() => (epoch, rest),
        Some((_, rest)) => ("0", rest),
        None => ("0", evr),
    };
    let (version, release) = match rest.split_once('-') {
        None => (rest, None),
        Some((version, release)) => (version, Some(release).filter(|text| !text.is_empty())),
    };
    (
        Some(epoch.to_owned()),
        Some(version.to_owned()),
        release.map(str::to_owned),
    )
}

/// The requirements that stand in `primary.xml`: none of rpm itself, none that the package meets
/// itself, none twice, and of the versions of libc the highest.
fn required(all: Vec<Dependency>, own: &[Dependency], own_files: &HashSet<String>) -> Vec<Dependency> {
    let own: HashSet<_> = own.iter().map(Dependency::meaning).collect();
    let mut last: HashMap<String, Dependency> = HashMap::new();
    let mut kept = Vec::new();
    let mut libc: Option<Dependency> = None;
    for dependency in all {
        let name = dependency.name.as_str();
        if name.starts_with("rpmlib(")
            || own.contains(&dependency.meaning())
            || own_files.contains(name)
            || last.get(name) == Some(&dependency)
        {
            continue;
        }
        if name.starts_with("libc.so.6") {
            let higher = |known: &Dependency| compared(&known.name, name) == Ordering::Less;
            if libc.as_ref().is_none_or(higher) {
                libc = Some(dependency);
            }
            continue;
        }
        last.insert(name.to_owned(), dependency.clone());
        kept.push(dependency);
    }
    kept.extend(libc);
    kept
}

/// Paths that `primary.xml` lists, so that they can be required without the file lists.
fn is_primary(path: &str) -> bool {
    path.starts_with("/etc/") || path.contains("bin/") || path == "/usr/lib/sendmail"
}

/// Compares by the version in the first parentheses: `libc.so.6(GLIBC_2.4)(64bit)`.
fn compared(one: &str, other: &str) -> Ordering {
    fn version(name: &str) -> Option<Vec<u64>> {
        let inside = name.split_once('(')?.1.split_once(')')?.0;
        let digits = inside.find(|letter: char| letter.is_ascii_digit())?;
        let numbers = inside
            .get(digits..)?
            .split(|letter: char| !letter.is_ascii_digit());
        Some(numbers.map(|number| number.parse().unwrap_or(u64::MAX)).collect())
    }
    version(one).cmp(&version(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, flags: u64, evr: &str) -> Dependency {
        Dependency::new(name.to_owned(), flags, evr, true)
    }

    #[test]
    fn versions_are_taken_apart() {
        let expected = |epoch: &str, version: &str, release: Option<&str>| {
            (
                Some(epoch.to_owned()),
                Some(version.to_owned()),
                release.map(str::to_owned),
            )
        };
        assert_eq!(parts("1:2.0-3"), expected("1", "2.0", Some("3")));
        assert_eq!(parts("2.0"), expected("0", "2.0", None));
        assert_eq!(parts(""), (None, None, None));
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
        let own_files = HashSet::from(["/usr/bin/own".to_owned()]);
        let kept = required(all, &provides, &own_files);
        let names: Vec<_> = kept.iter().map(|kept| (kept.name.as_str(), kept.pre)).collect();
        assert_eq!(
            names,
            [
                ("own", false),
                ("/usr/share/own", false),
                ("a", false),
                ("/bin/sh", true),
                ("libc.so.6(GLIBC_2.14)(64bit)", false),
            ]
        );
    }
}
