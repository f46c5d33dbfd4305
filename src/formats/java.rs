//! `java`: a single file of a Maven artifact: `.pom`, or an archive (`.jar`, `.war`, `.aar` …).
//!
//! A POM names itself. An archive names itself by the `pom.properties` and `pom.xml` that Maven
//! puts into it. The file's own name decides between several of them: shaded archives hold those of
//! everything they swallowed.

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use self::facts::Facts;
use self::facts::{Coordinates, Pom};
use self::pom::{coordinates, is_coordinate, project};
use crate::ecosystem::Ecosystem;
use crate::formats::containers::zip;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::{read_all, unreadable};
use crate::formats::source::budget::Metered;
use crate::formats::texts::xml::Element;

mod entities;
mod facts;
mod pom;

/// Bytes of a POM.
const MAX_POM_BYTES: u64 = 2 * 1024 * 1024;
/// Bytes that are read to find out which of the POMs inside is meant.
const MAX_ALL_POMS_BYTES: u64 = 4 * MAX_POM_BYTES;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Java,
    holds: "files of Maven artifacts (`.pom`, `.jar`, `.war`, `.aar`)",
    containers: &[Container::Text, Container::Zip],
    read,
};

fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let (stem, extension) = filename.rsplit_once('.').unwrap_or((filename, ""));
    if extension.eq_ignore_ascii_case("pom") || extension.eq_ignore_ascii_case("xml") {
        return read_pom(source);
    }
    let (coordinates, pom) = identify(stem, source)?;
    let classifier = classifier(stem, &coordinates).filter(|classifier| !classifier.is_empty());
    manifest(coordinates, classifier, extension, pom.as_ref())
}

/// A POM that is published by itself.
fn read_pom(source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let budget = source.budget();
    let bytes = read_all(source, MAX_POM_BYTES, budget).map_err(unreadable("pom"))?;
    let pom = project(&bytes, budget)?;
    let coordinates = coordinates(&pom)?;
    manifest(coordinates, None, "pom", Some(&pom))
}

/// The coordinates that an archive named `stem` holds of itself, and its POM if that can be read.
fn identify(stem: &str, source: &mut Metered<'_>) -> Result<(Coordinates, Option<Element>), Rejection> {
    let entries = zip::find(source, is_maven).map_err(unreadable("file"))?;
    let mut left = MAX_ALL_POMS_BYTES;
    let mut fitting: Option<(Coordinates, Option<Element>)> = None;
    for folder in folders(&entries) {
        for (coordinates, pom) in candidates(source, &folder, &mut left) {
            if classifier(stem, &coordinates).is_none() {
                continue;
            }
            match &fitting {
                None => fitting = Some((coordinates, pom)),
                Some((known, _)) if *known == coordinates => {}
                Some(_) => return Err(unidentified(entries.len())),
            }
        }
    }
    fitting.ok_or_else(|| unidentified(entries.len()))
}

/// A folder `META-INF/maven/{groupId}/{artifactId}` of an archive.
#[derive(Default)]
struct Folder<'a> {
    properties: Vec<&'a zip::Entry>,
    poms: Vec<&'a zip::Entry>,
}

fn folders(entries: &[zip::Entry]) -> Vec<Folder<'_>> {
    let mut folders: BTreeMap<&str, Folder> = BTreeMap::new();
    for entry in entries {
        let (path, file) = entry.name.rsplit_once('/').unwrap_or_default();
        let folder = folders.entry(path).or_default();
        match file {
            "pom.properties" => folder.properties.push(entry),
            _ => folder.poms.push(entry),
        }
    }
    folders.into_values().collect()
}

/// The coordinates that a folder's properties hold, or where those hold none, its POMs.
///
/// Swallowed files may be broken without harm to the archive itself, and so may the POM beside
/// properties that name the archive: it is kept where it can be read.
fn candidates(
    source: &mut Metered<'_>,
    folder: &Folder,
    left: &mut u64,
) -> Vec<(Coordinates, Option<Element>)> {
    let budget = source.budget();
    let mut stated = Vec::new();
    for entry in &folder.properties {
        let bytes = contents(source, entry, left);
        stated.extend(bytes.and_then(|bytes| Coordinates::of_properties(&bytes, budget)));
    }
    let poms = folder.poms.iter();
    let mut poms = poms.filter_map(|entry| project(&contents(source, entry, left)?, budget).ok());
    if stated.is_empty() {
        let named = |pom: Element| Some((coordinates(&pom).ok()?, Some(pom)));
        return poms.filter_map(named).collect();
    }
    let mut pom = poms.next();
    stated
        .into_iter()
        .map(|coordinates| (coordinates, pom.take()))
        .collect()
}

fn unidentified(found: usize) -> Rejection {
    let message = if found == 0 {
        "The archive holds no `META-INF/maven/…/pom.properties`, so it cannot name itself; publish \
         its `.pom`, or build it with Maven's archiver."
    } else {
        "The archive's file name is not `{artifactId}-{version}[-{classifier}].{extension}` of one \
         of the POMs inside, so it is unclear which of them it is; rename the file."
    };
    Rejection::new("pom.properties", message)
}

/// `META-INF/maven/{groupId}/{artifactId}/pom.properties` or `pom.xml`.
fn is_maven(path: &str) -> bool {
    let rest = path.strip_prefix("META-INF/maven/").unwrap_or_default();
    let file = rest.splitn(3, '/').nth(2);
    matches!(file, Some("pom.properties" | "pom.xml"))
}

/// Reads `entry`, and takes what that cost from the bytes that are `left` for all of them.
fn contents(source: &mut Metered<'_>, entry: &zip::Entry, left: &mut u64) -> Option<Vec<u8>> {
    let limit = MAX_POM_BYTES.min(*left);
    // Where nothing is left, nothing is opened: it might take long to unpack to nothing.
    if limit == 0 {
        return None;
    }
    let bytes = zip::contents(source, entry, limit).ok();
    *left -= bytes.as_ref().map_or(limit, |bytes| bytes.len() as u64);
    bytes
}

/// The classifier in a file name that is the artifact's, empty where it has none; nothing for the
/// name of something else.
fn classifier<'a>(stem: &'a str, coordinates: &Coordinates) -> Option<&'a str> {
    let rest = stem.strip_prefix(coordinates.artifact_id.as_str())?;
    if rest.is_empty() {
        return Some(rest);
    }
    let rest = rest.strip_prefix('-')?;
    let version = coordinates.version.as_str();
    let rest = rest.strip_prefix(version).or_else(|| {
        let base = version.strip_suffix("SNAPSHOT")?;
        after_timestamp(rest.strip_prefix(base)?)
    })?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('-').filter(|rest| is_coordinate(rest))
}

/// The text behind the `{yyyymmdd}.{hhmmss}-{build}` that stands for a snapshot.
fn after_timestamp(text: &str) -> Option<&str> {
    let (timestamp, rest) = text.split_once('-')?;
    let (day, time) = timestamp.split_once('.')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (digits(day, 8) && digits(time, 6) && end > 0).then(|| rest.get(end..))?
}

fn manifest(
    coordinates: Coordinates,
    classifier: Option<&str>,
    extension: &str,
    pom: Option<&Element>,
) -> Result<Manifest, Rejection> {
    if !is_coordinate(extension) {
        let message = "The file name must end in the artifact's extension, such as `.jar`.";
        return Err(Rejection::new("filename", message));
    }
    let name = format!("{}:{}", coordinates.group_id, coordinates.artifact_id);
    let variant = match classifier {
        None => extension.to_owned(),
        Some(classifier) => format!("{classifier}.{extension}"),
    };
    let metadata = metadata(&Facts {
        coordinates: coordinates.clone(),
        classifier: classifier.map(Cow::Borrowed),
        extension: Cow::Borrowed(extension),
        pom: pom.map(Pom::read).unwrap_or_default(),
    })?;
    Ok(Manifest {
        normalized_name: name.clone(),
        name,
        normalized_version: coordinates.version.clone(),
        version: coordinates.version,
        variant: Some(variant),
        metadata,
    })
}

#[cfg(test)]
mod tests;
