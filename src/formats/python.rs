//! `python`: wheels and source distributions.
//!
//! Their metadata is in `METADATA` and `PKG-INFO` (Core metadata specifications); a wheel's tags are
//! only in its file name (Binary distribution format), which installers trust.

use std::borrow::Cow;

pub(crate) use self::facts::Facts;
use self::facts::FileType;
use self::filename::{FileName, sdist_name, wheel_name};
pub(crate) use self::name_facts::NameFacts;
pub(crate) use self::version::Precedence;
use self::version::Version;
use crate::cancellation::Cancellation;
use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::{finish, tar_gz};
use crate::formats::containers::zip;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{MAX_METADATA_BYTES, Manifest, Rejection, metadata};
use crate::formats::source::Source;
use crate::formats::source::bounded::{length_of, unreadable};
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::texts::alphabet::is_word;
use crate::formats::texts::email::Fields;

mod facts;
mod filename;
mod name_facts;
mod version;

/// Bytes of `Requires-Python`, which the page of a project repeats of each file. Real ones have some 30.
pub(crate) const MAX_REQUIRES_PYTHON_BYTES: usize = 1000;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Python,
    holds: "wheels (`.whl`) and source distributions (`.tar.gz`, `.zip`)",
    containers: &[Container::Gzip, Container::Zip],
    read,
};

/// A version in the one spelling of all versions that are equal to it (PEP 440); `None` where it is not one.
pub(crate) fn normalize_version(version: &str) -> Option<String> {
    Version::parse(version).map(|version| version.canonical())
}

/// Reads the METADATA of a wheel, byte for byte, until `cancellation` ends the reading. Blocking.
///
/// # Errors
/// A [`Rejection`] where the file is not a wheel with one METADATA, or costs more than its budget.
pub(crate) fn read_metadata_file(
    filename: &str,
    source: &mut dyn Source,
    cancellation: Cancellation,
) -> Result<Vec<u8>, Rejection> {
    let length = length_of(source).map_err(unreadable("file"))?;
    let budget = Budget::new(length, cancellation);
    let stem = strip_suffix_ignoring_case(filename, ".whl").unwrap_or(filename);
    let read = wheel(&mut Metered::new(source, &budget), &wheel_name(stem)?);
    budget.refusal().map_or(read, Err)
}

fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    if let Some(stem) = strip_suffix_ignoring_case(filename, ".whl") {
        let named = wheel_name(stem)?;
        manifest(&wheel(source, &named)?, source.budget(), |_| named)
    } else if let Some(stem) = strip_suffix_ignoring_case(filename, ".zip") {
        manifest(&zipped_sdist(source)?, source.budget(), |fields| {
            sdist_name(stem, fields)
        })
    } else if let Some(stem) = strip_suffix_ignoring_case(filename, ".tar.gz")
        .or_else(|| strip_suffix_ignoring_case(filename, ".tgz"))
    {
        manifest(&sdist(source)?, source.budget(), |fields| {
            sdist_name(stem, fields)
        })
    } else {
        Err(Rejection::new(
            "file",
            "The file name must end in `.whl` (a wheel), `.tar.gz` or `.zip` (a source distribution).",
        ))
    }
}

fn strip_suffix_ignoring_case<'a>(filename: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, end) = filename.split_at_checked(filename.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(stem)
}

/// The METADATA of the one top-level `.dist-info`, which installers want named after the wheel.
fn wheel(source: &mut Metered<'_>, named: &FileName) -> Result<Vec<u8>, Rejection> {
    let entry = only_entry(source, "METADATA", |name| {
        name.split_once('/')
            .is_some_and(|(top, file)| top.ends_with(".dist-info") && file == "METADATA")
    })?;
    if !Ecosystem::Python
        .normalize(&entry.name)
        .starts_with(&Ecosystem::Python.normalize(named.name))
    {
        let message = format!(
            "The file name is that of another wheel: it should begin with `{}`.",
            entry.name.trim_end_matches(".dist-info/METADATA")
        );
        return Err(Rejection::new("filename", message));
    }
    zip::contents(source, &entry, MAX_METADATA_BYTES).map_err(unreadable("METADATA"))
}

fn zipped_sdist(source: &mut Metered<'_>) -> Result<Vec<u8>, Rejection> {
    let entry = only_entry(source, "PKG-INFO", is_pkg_info)?;
    zip::contents(source, &entry, MAX_METADATA_BYTES).map_err(unreadable("PKG-INFO"))
}

fn is_pkg_info(path: &str) -> bool {
    path.split_once('/')
        .is_some_and(|(top, file)| !top.is_empty() && top != "." && file == "PKG-INFO")
}

fn only_entry(
    source: &mut Metered<'_>,
    field: &'static str,
    wanted: impl Fn(&str) -> bool,
) -> Result<zip::Entry, Rejection> {
    let mut entries = zip::find(source, wanted).map_err(unreadable("file"))?;
    match (entries.pop(), entries.is_empty()) {
        (Some(entry), true) => Ok(entry),
        (None, _) => Err(missing(field)),
        _ => Err(several(field)),
    }
}

fn sdist(source: &mut Metered<'_>) -> Result<Vec<u8>, Rejection> {
    let budget = source.budget();
    let mut archive = tar_gz(source, budget);
    let mut found = None;
    while let Some(mut member) = archive.next().map_err(unreadable("file"))? {
        let path = String::from_utf8_lossy(&member.path).into_owned();
        if !is_pkg_info(path.strip_prefix("./").unwrap_or(&path)) || !member.is_file() {
            continue;
        }
        if found.is_some() {
            return Err(several("PKG-INFO"));
        }
        let bytes = member.contents(MAX_METADATA_BYTES);
        found = Some(bytes.map_err(unreadable("PKG-INFO"))?);
    }
    finish(archive).map_err(unreadable("file"))?;
    found.ok_or_else(|| missing("PKG-INFO"))
}

fn missing(field: &'static str) -> Rejection {
    let message = match field {
        "METADATA" => "The wheel holds no `{name}-{version}.dist-info/METADATA`; build it again.",
        _ => "The source distribution holds no `{name}-{version}/PKG-INFO`; build it with `python -m build`.",
    };
    Rejection::new(field, message)
}

fn several(field: &'static str) -> Rejection {
    Rejection::new(
        field,
        format!("The package holds more than one `{field}` at its top; build it again."),
    )
}

fn manifest<'a>(
    bytes: &[u8],
    budget: &Budget,
    named: impl FnOnce(&Fields) -> FileName<'a>,
) -> Result<Manifest, Rejection> {
    let fields = Fields::read(bytes, budget)
        .map_err(|why| Rejection::new("METADATA", format!("The metadata is not usable: {why}.")))?;
    let named = named(&fields);
    let name = fields.get("Name").unwrap_or_default();
    let name = name.trim();
    if !is_name(name) {
        return Err(Rejection::new(
            "Name",
            "The metadata's `Name` must be letters, digits, `.`, `_` and `-`, and begin and end \
             with a letter or a digit.",
        ));
    }
    let stated = fields.get("Version").unwrap_or_default();
    let stated = stated.trim();
    let version = Version::parse(stated).ok_or_else(|| {
        Rejection::new(
            "Version",
            "The metadata's `Version` must be a version as PEP 440 has it, such as `1.2.0rc1`.",
        )
    })?;
    named.check_name(name, &version)?;
    if fields
        .get("Requires-Python")
        .is_some_and(|versions| versions.len() > MAX_REQUIRES_PYTHON_BYTES)
    {
        return Err(Rejection::new(
            "Requires-Python",
            format!(
                "The metadata's `Requires-Python` has more than {MAX_REQUIRES_PYTHON_BYTES} bytes, which every page of the \
                 project would repeat. Shorten it: `>=3.9,!=3.12.0`."
            ),
        ));
    }
    Ok(Manifest {
        name: name.to_owned(),
        normalized_name: Ecosystem::Python.normalize(name),
        version: stated.to_owned(),
        normalized_version: version.canonical(),
        variant: Some(named.variant()),
        metadata: metadata(&facts(bytes, &fields, &named))?,
    })
}

fn facts<'a>(bytes: &[u8], fields: &Fields<'a>, named: &FileName<'a>) -> Facts<'a> {
    let one = |name: &str| fields.get(name);
    let all = |name: &str| fields.all(name).collect();
    Facts {
        filetype: if named.tags.is_some() {
            FileType::Wheel
        } else {
            FileType::SourceDistribution
        },
        metadata_version: one("Metadata-Version"),
        summary: one("Summary"),
        requires_python: one("Requires-Python"),
        requires_dist: all("Requires-Dist"),
        provides_extra: all("Provides-Extra"),
        license: one("License"),
        license_expression: one("License-Expression"),
        license_files: all("License-File"),
        author: one("Author"),
        author_email: one("Author-email"),
        maintainer: one("Maintainer"),
        maintainer_email: one("Maintainer-email"),
        home_page: one("Home-page"),
        keywords: one("Keywords"),
        classifiers: all("Classifier"),
        project_urls: all("Project-URL"),
        description_content_type: one("Description-Content-Type"),
        dynamic: all("Dynamic"),
        metadata_sha256: Digest::sha256(bytes).to_string(),
        metadata_size: bytes.len(),
        build: named.build.map(Cow::Borrowed),
    }
}

/// Names and versioning specification, "Name format".
fn is_name(name: &str) -> bool {
    is_word(name, b"._-") && !name.ends_with(['.', '_', '-'])
}

#[cfg(test)]
mod tests;
