//! `nuget`: a `.nupkg`, a ZIP archive with one `.nuspec` at its top.
//!
//! Ids and versions are one whatever their case, and versions whatever zeros they leave out. Kept
//! is all of the nuspec, taken apart and as it is, since the V3 protocol serves both.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bounded::unreadable;
use super::xml::{self, Element};
use super::{MAX_VERSION, Manifest, Rejection, Source, metadata, zip};

/// Bytes of the nuspec.
const MAX_NUSPEC: u64 = 1024 * 1024;
/// Dependencies and groups of them.
const MAX_DEPENDENCIES: usize = 10_000;
/// Letters of an id, as `NuGet` has it.
const MAX_ID: usize = 100;

/// What registration pages and the search service say of a version.
#[derive(Debug, Serialize)]
struct IndexFacts {
    /// Every element of `<metadata>` that is text, under its own name.
    fields: BTreeMap<String, String>,
    /// `expression` or `file`.
    license_type: Option<String>,
    min_client_version: Option<String>,
    repository: BTreeMap<String, String>,
    package_types: Vec<PackageType>,
    dependency_groups: Vec<DependencyGroup>,
    /// The nuspec itself.
    nuspec: String,
}

#[derive(Debug, Serialize)]
struct PackageType {
    name: String,
    version: Option<String>,
}

/// Dependencies for one target framework, or for all.
#[derive(Debug, Serialize)]
struct DependencyGroup {
    target_framework: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Serialize)]
struct Dependency {
    id: String,
    /// A range as the nuspec has it, `[1.0,2.0)`; none means any version.
    range: Option<String>,
    include: Option<String>,
    exclude: Option<String>,
}

pub(super) fn read(_filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    let is_nuspec =
        |name: &str| !name.contains(['/', '\\']) && name.to_ascii_lowercase().ends_with(".nuspec");
    let entries = zip::find(source, is_nuspec).map_err(unreadable("file"))?;
    let [entry] = entries.as_slice() else {
        return Err(Rejection::new(
            "nuspec",
            format!(
                "the package must hold one `.nuspec` at its top and holds {}; make it with \
                 `dotnet pack`",
                entries.len()
            ),
        ));
    };
    let bytes = zip::contents(source, entry, MAX_NUSPEC).map_err(unreadable("nuspec"))?;
    let nuspec = xml::decoded(&bytes);
    let root = xml::read(&nuspec).map_err(|why| wrong(&why))?;
    let described = root
        .child("metadata")
        .filter(|_| root.name == "package")
        .ok_or_else(|| wrong("it has no `<metadata>` in a `<package>`"))?;
    manifest(described, &nuspec)
}

fn manifest(described: &Element, nuspec: &str) -> Result<Manifest, Rejection> {
    let id = described.child_text("id").filter(|id| is_id(id));
    let id = id.ok_or_else(|| {
        Rejection::new(
            "id",
            format!(
                "the nuspec's `<id>` must be at most {MAX_ID} letters, digits and `_`, with single \
                 `.` and `-` between them"
            ),
        )
    })?;
    let version = described.child_text("version").unwrap_or_default();
    let normalized = normalized(version).ok_or_else(|| {
        Rejection::new(
            "version",
            "the nuspec's `<version>` must be one to four numbers, and may have a label: `1.2.3`, \
             `1.2.3-beta.1`",
        )
    })?;
    Ok(Manifest {
        name: id.to_owned(),
        normalized_name: id.to_lowercase(),
        version: version.to_owned(),
        normalized_version: normalized,
        variant: None,
        metadata: metadata(&index_facts(described, nuspec)?),
    })
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("nuspec", format!("the nuspec is not usable XML: {why}"))
}

/// `PackageIdValidator` of `NuGet`: words, with one `.` or `-` between two of them.
fn is_id(id: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    id.chars().count() <= MAX_ID && id.split(['.', '-']).all(word)
}

/// `NuGetVersion.ToNormalizedString`, in lower case: three numbers, a fourth unless it is zero, the
/// label, no build metadata.
fn normalized(version: &str) -> Option<String> {
    if version.len() > MAX_VERSION {
        return None;
    }
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

fn index_facts(described: &Element, nuspec: &str) -> Result<IndexFacts, Rejection> {
    let attributes = |element: &Element| element.attributes.iter().cloned().collect();
    Ok(IndexFacts {
        fields: described
            .children
            .iter()
            .filter(|child| child.children.is_empty() && !child.text().is_empty())
            .map(|child| (child.name.clone(), child.text().to_owned()))
            .collect(),
        license_type: described
            .child("license")
            .and_then(|license| license.attribute("type"))
            .map(str::to_owned),
        min_client_version: described.attribute("minClientVersion").map(str::to_owned),
        repository: described.child("repository").map(attributes).unwrap_or_default(),
        package_types: package_types(described),
        dependency_groups: dependency_groups(described)?,
        nuspec: nuspec.to_owned(),
    })
}

fn package_types(described: &Element) -> Vec<PackageType> {
    let listed = described.child("packageTypes").into_iter();
    let types = listed.flat_map(|types| types.all("packageType"));
    types
        .filter_map(|kind| {
            Some(PackageType {
                name: kind.attribute("name")?.to_owned(),
                version: kind.attribute("version").map(str::to_owned),
            })
        })
        .collect()
}

/// The groups; dependencies outside of any hold for every framework.
fn dependency_groups(described: &Element) -> Result<Vec<DependencyGroup>, Rejection> {
    let Some(listed) = described.child("dependencies") else {
        return Ok(Vec::new());
    };
    let grouped = listed.children.iter().map(|child| 1 + child.children.len());
    if grouped.sum::<usize>() > MAX_DEPENDENCIES {
        let message = format!("the nuspec has more than {MAX_DEPENDENCIES} dependencies");
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

fn group(element: &Element, framework: Option<&str>) -> Result<DependencyGroup, Rejection> {
    let dependencies: Option<Vec<_>> = element.all("dependency").map(dependency).collect();
    Ok(DependencyGroup {
        target_framework: framework.map(str::to_owned),
        dependencies: dependencies.ok_or_else(|| {
            Rejection::new(
                "dependencies",
                "each of the nuspec's dependencies must have an `id`",
            )
        })?,
    })
}

fn dependency(element: &Element) -> Option<Dependency> {
    let attribute = |name| element.attribute(name).map(str::to_owned);
    Some(Dependency {
        id: attribute("id").filter(|id| is_id(id.trim()))?,
        range: attribute("version").filter(|range| !range.is_empty()),
        include: attribute("include"),
        exclude: attribute("exclude"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::super::zip::fixtures::zip;
    use super::super::{Ecosystem, read as read_package};
    use super::*;

    fn read_nupkg(files: &[(&str, &[u8])]) -> Result<Manifest, Rejection> {
        read_package(Ecosystem::Nuget, "x.nupkg", &mut Cursor::new(zip(files)))
    }

    #[test]
    fn a_package_says_all_that_the_protocol_serves() {
        let nuspec = "<?xml version=\"1.0\"?><package xmlns=\"http://x/2013/05/nuspec.xsd\">\
            <metadata minClientVersion=\"2.12\"><id>Foo.Bar</id><version>1.2.0.0-RC.1+abc</version>\
            <authors>Ada</authors><license type=\"expression\">MIT</license><tags>a b</tags>\
            <repository type=\"git\" url=\"u\" /><packageTypes><packageType name=\"DotnetTool\"/>\
            </packageTypes><dependencies><group targetFramework=\"net8.0\">\
            <dependency id=\"A\" version=\"[1.0,2.0)\" exclude=\"Build\"/><dependency id=\"B\"/>\
            </group><group targetFramework=\"net9.0\"/></dependencies></metadata></package>";
        let with_mark = ["\u{feff}", nuspec].concat();
        let files: [(&str, &[u8]); 2] = [
            ("[Content_Types].xml", b"<a/>"),
            ("Foo.Bar.nuspec", with_mark.as_bytes()),
        ];
        let dependency = |id, range: Option<&str>, exclude: Option<&str>| json!({"id": id, "range": range, "include": null, "exclude": exclude});
        let expected = json!({
            "fields": {
                "id": "Foo.Bar", "version": "1.2.0.0-RC.1+abc", "authors": "Ada",
                "license": "MIT", "tags": "a b",
            },
            "license_type": "expression",
            "min_client_version": "2.12",
            "repository": {"type": "git", "url": "u"},
            "package_types": [{"name": "DotnetTool", "version": null}],
            "dependency_groups": [
                {"target_framework": "net8.0", "dependencies": [
                    dependency("A", Some("[1.0,2.0)"), Some("Build")),
                    dependency("B", None, None),
                ]},
                {"target_framework": "net9.0", "dependencies": []},
            ],
            "nuspec": nuspec,
        });
        assert_eq!(
            read_nupkg(&files).unwrap(),
            Manifest {
                name: "Foo.Bar".to_owned(),
                normalized_name: "foo.bar".to_owned(),
                version: "1.2.0.0-RC.1+abc".to_owned(),
                normalized_version: "1.2.0-rc.1".to_owned(),
                variant: None,
                metadata: metadata(&expected),
            }
        );
    }

    #[test]
    fn versions_have_one_spelling() {
        for (version, expected) in [
            ("1", Some("1.0.0")),
            ("1.0", Some("1.0.0")),
            ("01.02.03", Some("1.2.3")),
            ("1.2.3.4", Some("1.2.3.4")),
            ("5.0.0+hash", Some("5.0.0")),
            ("", None),
            ("1.2.3.4.5", None),
            ("1.0-", None),
            ("1.-1", None),
            ("1.0/2", None),
        ] {
            assert_eq!(normalized(version).as_deref(), expected, "{version}");
        }
    }

    #[test]
    fn ids_and_nuspecs_that_nobody_could_install_are_refused() {
        let nuspec =
            |id: &str| format!("<package><metadata><id>{id}</id><version>1.0</version></metadata></package>");
        for id in ["../x", "a..b", "", "a b", &"a".repeat(101)] {
            let rejection = read_nupkg(&[("a.nuspec", nuspec(id).as_bytes())]).unwrap_err();
            assert_eq!(rejection.field, "id", "{id}");
        }
        let good = nuspec("a");
        let two = [("a.nuspec", good.as_bytes()), ("b.NuSpec", good.as_bytes())];
        for files in [&two[..], &[("lib/a.nuspec", b"")], &[("a.nuspec", b"<a/>")]] {
            assert_eq!(read_nupkg(files).unwrap_err().field, "nuspec");
        }
    }

    #[test]
    fn dependencies_and_the_nuspec_are_bounded() {
        let many = format!(
            "<package><metadata><id>a</id><version>1</version><dependencies>{}</dependencies>\
             </metadata></package>",
            "<dependency id='b'/>".repeat(MAX_DEPENDENCIES + 1)
        );
        let rejection = read_nupkg(&[("a.nuspec", many.as_bytes())]).unwrap_err();
        assert_eq!(rejection.message, "the nuspec has more than 10000 dependencies");
        let endless = vec![b' '; usize::try_from(MAX_NUSPEC).unwrap() + 1];
        let rejection = read_nupkg(&[("a.nuspec", &endless)]).unwrap_err();
        assert_eq!(
            rejection.message,
            "`nuspec` is larger than the 1048576 bytes that are read of it; build the package again with less in it"
        );
    }
}
