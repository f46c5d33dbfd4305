//! File names of Python packages. Of a wheel they hold the tags, which are nowhere else.

use super::version::Version;
use crate::ecosystem::Ecosystem;
use crate::formats::manifest::Rejection;
use crate::formats::texts::alphabet::is_made_of;
use crate::formats::texts::email::Fields;

/// The parts of a file name.
pub(super) struct FileName<'a> {
    pub(super) name: &'a str,
    version: &'a str,
    pub(super) build: Option<&'a str>,
    /// A wheel's tags: `py3-none-any`.
    pub(super) tags: Option<&'a str>,
}

/// `{name}-{version}[-{build}]-{python}-{abi}-{platform}`.
pub(super) fn wheel_name(stem: &str) -> Result<FileName<'_>, Rejection> {
    let parts: Vec<&str> = stem.split('-').collect();
    let build = (parts.len() == 6).then(|| parts.get(2).copied()).flatten();
    let tags_at = stem.rmatch_indices('-').nth(2).map(|(at, _)| at + 1);
    let tags = tags_at.and_then(|at| stem.get(at..));
    match (parts.as_slice(), tags) {
        ([name, version, ..], Some(tags))
            if matches!(parts.len(), 5 | 6)
                && parts.iter().all(|part| !part.is_empty())
                && is_made_of(tags, b"._-")
                && build.is_none_or(is_build) =>
        {
            Ok(FileName {
                name,
                version,
                build,
                tags: Some(tags),
            })
        }
        _ => Err(Rejection::new(
            "filename",
            "A wheel's file name must be `{name}-{version}[-{build}]-{python}-{abi}-{platform}.whl`, \
             as the build tool writes it: installers read its tags from there.",
        )),
    }
}

/// A digit, then what tags are made of.
fn is_build(build: &str) -> bool {
    build.starts_with(|first: char| first.is_ascii_digit()) && is_made_of(build, b"._+")
}

/// Only the metadata decides where the name ends and the version begins.
pub(super) fn sdist_name<'a>(stem: &'a str, fields: &Fields) -> FileName<'a> {
    let stated = Ecosystem::Python.normalize(fields.get("Name").unwrap_or_default().trim());
    let split = stem.match_indices('-').find_map(|(hyphen, _)| {
        let name = stem.get(..hyphen)?;
        let version = stem.get(hyphen + 1..)?;
        (Ecosystem::Python.normalize(name) == stated).then_some((name, version))
    });
    let (name, version) = split.unwrap_or((stem, ""));
    FileName {
        name,
        version,
        build: None,
        tags: None,
    }
}

impl FileName<'_> {
    /// Installers refuse a file whose name and metadata disagree.
    pub(super) fn check_name(&self, name: &str, version: &Version) -> Result<(), Rejection> {
        let said = Version::parse(&self.version.replace('_', "-"));
        let same_version = said.is_some_and(|said| said.canonical() == version.canonical());
        if Ecosystem::Python.normalize(self.name) == Ecosystem::Python.normalize(name) && same_version {
            return Ok(());
        }
        let (kind, suffix) = match self.tags {
            Some(_) => ("wheel", "-….whl"),
            None => ("source distribution", ".tar.gz"),
        };
        Err(Rejection::new(
            "filename",
            format!(
                "The file name and the metadata of the {kind} disagree, and installers would refuse \
                 it: expected `{}-{version}{suffix}`.",
                name.replace(['-', '.'], "_")
            ),
        ))
    }

    /// The tags, with a build tag in front; a source distribution has none.
    pub(super) fn variant(&self) -> String {
        match (self.build, self.tags) {
            (Some(build), Some(tags)) => format!("{build}-{tags}"),
            (None, Some(tags)) => tags.to_owned(),
            _ => "sdist".to_owned(),
        }
    }
}
