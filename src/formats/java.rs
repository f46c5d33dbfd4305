//! `java`: a single file of a Maven artifact: `.pom`, or an archive (`.jar`, `.war`, `.aar` …).
//!
//! A POM names itself. An archive names itself by the `pom.properties` and `pom.xml` that Maven
//! puts into it, if it did, and if the file's own name tells which of several is meant: shaded
//! archives hold those of everything they swallowed.

use serde::Serialize;

use super::bounded::{read_all, unreadable};
use super::xml::{self, Element};
use super::{Manifest, Rejection, Source, metadata, zip};

/// Bytes of a POM.
const MAX_POM: u64 = 2 * 1024 * 1024;

/// Bytes that are read to find out which of the POMs inside is meant.
const MAX_POMS: u64 = 4 * MAX_POM;
/// Dependencies that a POM lists for itself.
const MAX_DEPENDENCIES: usize = 10_000;

/// What identifies an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Coordinates {
    group_id: String,
    artifact_id: String,
    version: String,
}

/// What `maven-metadata.xml` and an artifact's page need.
#[derive(Debug, Serialize)]
struct IndexFacts {
    #[serde(flatten)]
    coordinates: Coordinates,
    classifier: Option<String>,
    extension: String,
    packaging: Option<String>,
    parent: Option<Coordinates>,
    name: Option<String>,
    description: Option<String>,
    url: Option<String>,
    licenses: Vec<String>,
    dependencies: Vec<Dependency>,
}

/// A dependency as the POM has it: expressions such as `${project.version}` are left alone.
#[derive(Debug, Serialize)]
struct Dependency {
    group_id: Option<String>,
    artifact_id: Option<String>,
    version: Option<String>,
    scope: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    classifier: Option<String>,
    optional: bool,
}

pub(super) fn read(filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    let (stem, extension) = filename.rsplit_once('.').unwrap_or((filename, ""));
    if extension.eq_ignore_ascii_case("pom") || extension.eq_ignore_ascii_case("xml") {
        return pom_alone(source);
    }
    let (coordinates, pom) = inside(stem, source)?;
    let classifier = classifier(stem, &coordinates).filter(|classifier| !classifier.is_empty());
    let classifier = classifier.map(str::to_owned);
    manifest(coordinates, classifier, extension, pom.as_ref())
}

/// A POM that is published by itself.
fn pom_alone(source: &mut dyn Source) -> Result<Manifest, Rejection> {
    let bytes = read_all(source, MAX_POM).map_err(unreadable("pom"))?;
    let pom = project(&bytes)?;
    let coordinates = coordinates(&pom)?;
    manifest(coordinates, None, "pom", Some(&pom))
}

fn project(bytes: &[u8]) -> Result<Element, Rejection> {
    let wrong = |why: &str| Rejection::new("pom", format!("the POM is not usable XML: {why}"));
    let root = xml::read(&xml::decoded(bytes)).map_err(|why| wrong(&why))?;
    let dependencies = root.child("dependencies");
    if root.name != "project" {
        Err(wrong("its root is no `<project>`"))
    } else if dependencies.is_some_and(|list| list.children.len() > MAX_DEPENDENCIES) {
        Err(wrong("it has too many dependencies"))
    } else {
        Ok(root)
    }
}

/// A POM's own coordinates; group and version may be those of its parent.
fn coordinates(pom: &Element) -> Result<Coordinates, Rejection> {
    let parent = pom.child("parent");
    let inherited = |name| {
        pom.child_text(name)
            .or_else(|| parent.and_then(|parent| parent.child_text(name)))
    };
    Coordinates::checked(
        inherited("groupId").unwrap_or_default(),
        pom.child_text("artifactId").unwrap_or_default(),
        inherited("version").unwrap_or_default(),
    )
}

impl Coordinates {
    fn checked(group_id: &str, artifact_id: &str, version: &str) -> Result<Self, Rejection> {
        let fields = [
            ("groupId", group_id),
            ("artifactId", artifact_id),
            ("version", version),
        ];
        for (field, value) in fields {
            let example = if field == "version" {
                "1.2.3"
            } else {
                "org.example"
            };
            if !is_coordinate(value) || (field != "version" && value.contains('+')) {
                return Err(Rejection::new(
                    field,
                    format!(
                        "the POM's `{field}` must stand there or in its parent, as letters, digits, \
                         `.`, `_` and `-` and without expressions, such as `{example}`"
                    ),
                ));
            }
        }
        Ok(Self {
            group_id: group_id.to_owned(),
            artifact_id: artifact_id.to_owned(),
            version: version.to_owned(),
        })
    }
}

/// Letters, digits, `.`, `_`, `-` and, in versions, `+`; a path's `..` is none.
fn is_coordinate(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && !text.contains("..")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte))
}

/// The coordinates that an archive named `stem` holds of itself, and its POM if that is there.
fn inside(stem: &str, source: &mut dyn Source) -> Result<(Coordinates, Option<Element>), Rejection> {
    let entries = zip::find(source, is_maven).map_err(unreadable("file"))?;
    let mut candidates = Vec::new();
    for entry in &entries {
        // Of both files in a folder, the properties name it.
        let folder = folder(&entry.name);
        let properties = entry.name.ends_with("/pom.properties");
        let named = |other: &&zip::Entry| {
            other.name.ends_with("/pom.properties") && self::folder(&other.name) == folder
        };
        if properties || !entries.iter().any(|other| named(&other)) {
            candidates.push(entry);
        }
    }
    let found = candidates.len();
    let mut fitting = Vec::new();
    let mut left = MAX_POMS;
    for entry in candidates {
        // What was swallowed may be broken without harm to the archive itself.
        let named = named_by(source, entry, &mut left);
        if let Ok(coordinates) = named
            && classifier(stem, &coordinates).is_some()
            && !fitting.contains(&coordinates)
        {
            fitting.push(coordinates);
        }
    }
    let [coordinates] = fitting.as_slice() else {
        return Err(nameless(found));
    };
    let pom_of = |entry: &&zip::Entry| entry.name == pom_path(coordinates);
    let pom = match entries.iter().find(pom_of) {
        None => None,
        Some(entry) => {
            let bytes = zip::contents(source, entry, MAX_POM).map_err(unreadable("pom.xml"))?;
            Some(project(&bytes)?)
        }
    };
    Ok((coordinates.clone(), pom))
}

fn nameless(found: usize) -> Rejection {
    let message = if found == 0 {
        "the archive holds no `META-INF/maven/…/pom.properties`, so it cannot name itself; publish \
         its `.pom`, or build it with Maven's archiver"
    } else {
        "the archive's file name is not `{artifactId}-{version}[-{classifier}].{extension}` of one \
         of the POMs inside, so it cannot be told which of them it is; name it so"
    };
    Rejection::new("pom.properties", message)
}

/// `META-INF/maven/{groupId}/{artifactId}/pom.properties` or `pom.xml`.
fn is_maven(path: &str) -> bool {
    let rest = path.strip_prefix("META-INF/maven/").unwrap_or_default();
    let file = rest.splitn(3, '/').nth(2);
    matches!(file, Some("pom.properties" | "pom.xml"))
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn pom_path(coordinates: &Coordinates) -> String {
    let Coordinates {
        group_id,
        artifact_id,
        ..
    } = coordinates;
    format!("META-INF/maven/{group_id}/{artifact_id}/pom.xml")
}

/// Reads `entry`, and takes what that cost from the bytes that are `left` for all of them.
fn named_by(source: &mut dyn Source, entry: &zip::Entry, left: &mut u64) -> Result<Coordinates, Rejection> {
    let limit = MAX_POM.min(*left);
    let bytes = zip::contents(source, entry, limit);
    *left -= bytes.as_ref().map_or(limit, |bytes| bytes.len() as u64);
    let bytes = bytes.map_err(unreadable("pom.properties"))?;
    if entry.name.ends_with("/pom.xml") {
        return coordinates(&project(&bytes)?);
    }
    let text = String::from_utf8_lossy(&bytes);
    let property = |name: &str| {
        let mut pairs = text.lines().filter_map(|line| line.split_once('='));
        let found = pairs.find(|(key, _)| key.trim() == name);
        found.map(|(_, value)| value.trim()).unwrap_or_default()
    };
    Coordinates::checked(property("groupId"), property("artifactId"), property("version"))
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

/// What follows the `{yyyymmdd}.{hhmmss}-{build}` that stands for a snapshot.
fn after_timestamp(text: &str) -> Option<&str> {
    let (timestamp, rest) = text.split_once('-')?;
    let (day, time) = timestamp.split_once('.')?;
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    (digits(day, 8) && digits(time, 6) && end > 0).then(|| rest.get(end..))?
}

fn manifest(
    coordinates: Coordinates,
    classifier: Option<String>,
    extension: &str,
    pom: Option<&Element>,
) -> Result<Manifest, Rejection> {
    if !is_coordinate(extension) {
        let message = "the file name must end in the artifact's extension, such as `.jar`";
        return Err(Rejection::new("filename", message));
    }
    let name = format!("{}:{}", coordinates.group_id, coordinates.artifact_id);
    let variant = match &classifier {
        None => extension.to_owned(),
        Some(classifier) => format!("{classifier}.{extension}"),
    };
    Ok(Manifest {
        normalized_name: name.clone(),
        name,
        version: coordinates.version.clone(),
        normalized_version: coordinates.version.clone(),
        variant: Some(variant),
        metadata: metadata(&index_facts(coordinates, classifier, extension, pom)),
    })
}

fn index_facts(
    coordinates: Coordinates,
    classifier: Option<String>,
    extension: &str,
    pom: Option<&Element>,
) -> IndexFacts {
    let text = |name: &str| pom.and_then(|pom| pom.child_text(name)).map(str::to_owned);
    let list = |outer: &str, inner: &'static str| {
        let lists = pom.and_then(|pom| pom.child(outer)).into_iter();
        lists.flat_map(move |list| list.all(inner))
    };
    IndexFacts {
        coordinates,
        classifier,
        extension: extension.to_owned(),
        packaging: pom.map(|pom| pom.child_text("packaging").unwrap_or("jar").to_owned()),
        parent: pom.and_then(|pom| pom.child("parent")).and_then(parent),
        name: text("name"),
        description: text("description"),
        url: text("url"),
        licenses: list("licenses", "license")
            .filter_map(|license| license.child_text("name"))
            .map(str::to_owned)
            .collect(),
        dependencies: list("dependencies", "dependency").map(dependency).collect(),
    }
}

fn parent(element: &Element) -> Option<Coordinates> {
    let text = |name| element.child_text(name).map(str::to_owned);
    Some(Coordinates {
        group_id: text("groupId")?,
        artifact_id: text("artifactId")?,
        version: text("version")?,
    })
}

fn dependency(element: &Element) -> Dependency {
    let text = |name| element.child_text(name).map(str::to_owned);
    Dependency {
        group_id: text("groupId"),
        artifact_id: text("artifactId"),
        version: text("version"),
        scope: text("scope"),
        kind: text("type"),
        classifier: text("classifier"),
        optional: element.child_text("optional") == Some("true"),
    }
}

#[cfg(test)]
mod tests;
