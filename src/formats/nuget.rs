//! `nuget`: a `.nupkg` or `.snupkg`, a ZIP archive with one `.nuspec` at its top.
//!
//! Symbols have the id and version of the package that they belong to, and are a variant of it.
//! Ids and versions are equal whatever their case, and versions whatever zeros they leave out. The
//! facts hold the nuspec both parsed and as it is, since the V3 protocol serves both.

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use self::facts::Facts;
use self::facts::{Dependency, DependencyGroup, PackageType};
use crate::ecosystem::Ecosystem;
use crate::formats::containers::zip;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::Metered;
use crate::formats::texts::xml::{self, Dialect, Element};

mod facts;

/// Bytes of the nuspec.
const MAX_NUSPEC_BYTES: u64 = 1024 * 1024;
/// Dependencies and groups of them.
const MAX_DEPENDENCIES: usize = 10_000;
/// Letters of an id, as `NuGet` has it.
const MAX_ID_CHARS: usize = 100;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Nuget,
    holds: "NuGet packages (`.nupkg`) and their symbols (`.snupkg`)",
    containers: &[Container::Zip],
    read,
};

fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let is_nuspec =
        |name: &str| !name.contains(['/', '\\']) && name.to_ascii_lowercase().ends_with(".nuspec");
    let entries = zip::find(source, is_nuspec).map_err(unreadable("file"))?;
    let [entry] = entries.as_slice() else {
        return Err(Rejection::new(
            "nuspec",
            format!(
                "The package must hold one `.nuspec` at its top, but holds {}; make it with \
                 `dotnet pack`.",
                entries.len()
            ),
        ));
    };
    let bytes = zip::contents(source, entry, MAX_NUSPEC_BYTES).map_err(unreadable("nuspec"))?;
    let budget = source.budget();
    let nuspec = xml::decoded(&bytes, budget).map_err(|why| wrong(&why))?;
    let root = xml::read(&nuspec, Dialect::PLAIN, budget).map_err(|why| wrong(&why))?;
    let described = root
        .child("metadata")
        .filter(|_| root.name == "package")
        .ok_or_else(|| wrong("it has no `<metadata>` in a `<package>`"))?;
    manifest(filename, described, &nuspec)
}

fn manifest(filename: &str, described: &Element, nuspec: &str) -> Result<Manifest, Rejection> {
    let id = described.child_text("id").filter(|id| is_id(id));
    let id = id.ok_or_else(|| {
        Rejection::new(
            "id",
            format!(
                "The nuspec's `<id>` must be at most {MAX_ID_CHARS} letters, digits and `_`, with single \
                 `.` and `-` between them."
            ),
        )
    })?;
    let version = described.child_text("version").unwrap_or_default();
    let normalized = normalized(version).ok_or_else(|| {
        Rejection::new(
            "version",
            "The nuspec's `<version>` must be one to four numbers of at most 2147483647, and may have \
             a label: `1.2.3`, `1.2.3-beta.1`.",
        )
    })?;
    let facts = facts(described, nuspec)?;
    Ok(Manifest {
        name: id.to_owned(),
        normalized_name: id.to_lowercase(),
        version: version.to_owned(),
        normalized_version: normalized,
        variant: symbols(filename, &facts.package_types).map(str::to_owned),
        metadata: metadata(&facts)?,
    })
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("nuspec", format!("The nuspec is not usable XML: {why}."))
}

/// The variant of symbols, recognized by their package type or by either of their extensions.
fn symbols(filename: &str, types: &[PackageType]) -> Option<&'static str> {
    let filename = filename.to_ascii_lowercase();
    let is_symbols = |kind: &PackageType| kind.name.eq_ignore_ascii_case("SymbolsPackage");
    if filename.ends_with(".snupkg") || types.iter().any(is_symbols) {
        Some("snupkg")
    } else if filename.ends_with(".symbols.nupkg") {
        Some("symbols.nupkg")
    } else {
        None
    }
}

/// `PackageIdValidator` of `NuGet`: words, with one `.` or `-` between two of them.
fn is_id(id: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    id.chars().count() <= MAX_ID_CHARS && id.split(['.', '-']).all(word)
}

/// `NuGetVersion.ToNormalizedString`, in lower case: three numbers, a fourth unless it is zero, the
/// label, no build metadata. The numbers are of 32 bits, as in `NuGet`, which refuses larger ones.
fn normalized(version: &str) -> Option<String> {
    let (version, build) = match version.split_once('+') {
        None => (version, None),
        Some((version, build)) => (version, Some(build)),
    };
    let (numbers, label) = match version.split_once('-') {
        None => (version, None),
        Some((numbers, label)) => (numbers, Some(label)),
    };
    if ![label, build].into_iter().flatten().all(is_label) {
        return None;
    }
    let mut parsed = Vec::new();
    for number in numbers.split('.') {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        parsed.push(number.parse::<i32>().ok().filter(|_| digits)?.to_string());
    }
    if parsed.len() > 4 {
        return None;
    }
    parsed.resize(parsed.len().max(3), "0".to_owned());
    if parsed.get(3).is_some_and(|fourth| fourth == "0") {
        parsed.truncate(3);
    }
    let numbers = parsed.join(".");
    Some(match label {
        None => numbers,
        Some(label) => format!("{numbers}-{}", label.to_ascii_lowercase()),
    })
}

fn is_label(label: &str) -> bool {
    label.split('.').all(|part| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !part.is_empty() && part.bytes().all(allowed)
    })
}

fn facts<'a>(described: &'a Element, nuspec: &'a str) -> Result<Facts<'a>, Rejection> {
    Ok(Facts {
        fields: described
            .children
            .iter()
            .filter(|child| child.children.is_empty() && !child.text().is_empty())
            .map(|child| (Cow::Borrowed(child.name.as_str()), Cow::Borrowed(child.text())))
            .collect(),
        license_type: described
            .child("license")
            .and_then(|license| license.attribute("type"))
            .map(Cow::Borrowed),
        min_client_version: described.attribute("minClientVersion").map(Cow::Borrowed),
        repository: described.child("repository").map(attributes).unwrap_or_default(),
        package_types: package_types(described),
        dependency_groups: dependency_groups(described)?,
        nuspec: Cow::Borrowed(nuspec),
    })
}

fn attributes(element: &Element) -> BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    let pairs = element.attributes.iter();
    pairs
        .map(|(key, value)| (Cow::Borrowed(key.as_str()), Cow::Borrowed(value.as_str())))
        .collect()
}

fn package_types(described: &Element) -> Vec<PackageType<'_>> {
    let listed = described.child("packageTypes").into_iter();
    let types = listed.flat_map(|types| types.all("packageType"));
    types
        .filter_map(|kind| {
            Some(PackageType {
                name: Cow::Borrowed(kind.attribute("name")?),
                version: kind.attribute("version").map(Cow::Borrowed),
            })
        })
        .collect()
}

/// The groups; dependencies outside of any hold for every framework.
fn dependency_groups(described: &Element) -> Result<Vec<DependencyGroup<'_>>, Rejection> {
    let Some(listed) = described.child("dependencies") else {
        return Ok(Vec::new());
    };
    let grouped = listed.children.iter().map(|child| 1 + child.children.len());
    if grouped.sum::<usize>() > MAX_DEPENDENCIES {
        let message = format!(
            "The nuspec has more than {MAX_DEPENDENCIES} dependencies; build the package again with fewer."
        );
        return Err(Rejection::new("dependencies", message));
    }
    let mut groups = Vec::new();
    if listed.child("dependency").is_some() {
        groups.push(group(listed, None)?);
    }
    for element in listed.all("group") {
        groups.push(group(element, element.attribute("targetFramework"))?);
    }
    Ok(groups)
}

fn group<'a>(element: &'a Element, framework: Option<&'a str>) -> Result<DependencyGroup<'a>, Rejection> {
    let dependencies: Option<Vec<_>> = element.all("dependency").map(dependency).collect();
    Ok(DependencyGroup {
        target_framework: framework.map(Cow::Borrowed),
        dependencies: dependencies.ok_or_else(|| {
            Rejection::new(
                "dependencies",
                "Each of the nuspec's dependencies must have an `id`.",
            )
        })?,
    })
}

fn dependency(element: &Element) -> Option<Dependency<'_>> {
    let attribute = |name| element.attribute(name).map(Cow::Borrowed);
    Some(Dependency {
        id: attribute("id").filter(|id| is_id(id.trim()))?,
        range: attribute("version").filter(|range| !range.is_empty()),
        include: attribute("include"),
        exclude: attribute("exclude"),
    })
}

#[cfg(test)]
mod tests;
