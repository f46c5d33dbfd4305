//! A gem's specification: `Gem::Specification` as YAML, of any age.
//!
//! The rules of names, versions and requirements are those of `RubyGems`.

use std::collections::BTreeMap;

use super::Facts;
use super::facts::Dependency;
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::texts::alphabet::is_word;
use crate::formats::texts::yaml::Node;

/// Characters that names and platforms may hold besides letters and digits.
const OTHERS: &[u8] = b"._-";

/// Makes the manifest of a specification.
pub(super) fn manifest(specification: &Node) -> Result<Manifest, Rejection> {
    if !specification.is_mapping() || specification.get("<<").is_some() {
        return Err(super::wrong("it is not a gem specification"));
    }
    let name = name(specification)?;
    let version = version(specification)?;
    Ok(Manifest {
        normalized_name: name.clone(),
        normalized_version: version.clone(),
        variant: Some(platform(specification)?),
        metadata: metadata(&facts(specification)?)?,
        name,
        version,
    })
}

fn facts(specification: &Node) -> Result<Facts, Rejection> {
    let (runtime_dependencies, development_dependencies) = dependencies(specification)?;
    Ok(Facts {
        summary: text(specification, "summary"),
        description: text(specification, "description"),
        homepage: text(specification, "homepage"),
        authors: texts(specification, "authors"),
        licenses: texts(specification, "licenses"),
        required_ruby_version: required(specification, "required_ruby_version")?,
        required_rubygems_version: required(specification, "required_rubygems_version")?,
        runtime_dependencies,
        development_dependencies,
        extensions: texts(specification, "extensions"),
        metadata: links(specification),
    })
}

/// A name as `Gem::SpecificationPolicy#validate_name` allows it.
fn name(specification: &Node) -> Result<String, Rejection> {
    let name = specification.get("name").and_then(Node::plain_text);
    match name {
        Some(name) if is_name(name) => Ok(name.to_owned()),
        _ => Err(Rejection::new(
            "name",
            "The gem's `name` must be letters, digits, `.`, `_` and `-`, with at least one letter, \
             and begin with a letter or a digit; set it in the gemspec and build the gem again.",
        )),
    }
}

fn is_name(name: &str) -> bool {
    is_word(name, OTHERS) && name.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn version(specification: &Node) -> Result<String, Rejection> {
    specification
        .get("version")
        .and_then(version_text)
        .ok_or_else(|| {
            Rejection::new(
                "version",
                "The gem's `version` must be a number, then parts of letters and digits with `.` \
                 between them, such as `1.0.0` or `2.1.0.pre.1`; set it in the gemspec and build the gem \
                 again.",
            )
        })
}

/// A `Gem::Version`, or the bare text of old gems, as `Gem::Version#to_s` prints it.
fn version_text(node: &Node) -> Option<String> {
    let text = if node.is_mapping() {
        node.get("version")?.plain_text()?
    } else {
        node.plain_text()?
    };
    let text = text.trim();
    is_version(text).then(|| text.replace('-', ".pre."))
}

/// `Gem::Version::VERSION_PATTERN`.
fn is_version(text: &str) -> bool {
    let (release, suffix) = match text.split_once('-') {
        None => (text, None),
        Some((release, suffix)) => (release, Some(suffix)),
    };
    let mut parts = release.split('.');
    let number = parts.next().unwrap_or_default();
    let filled = |part: &str, extra: &[u8]| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || extra.contains(&byte);
        !part.is_empty() && part.bytes().all(allowed)
    };
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && parts.all(|part| filled(part, b""))
        && suffix.is_none_or(|suffix| suffix.split('.').all(|part| filled(part, b"-")))
}

/// Only plain text of a safe alphabet, as itself or in a `Gem::Platform`: anything else has been used
/// to attack `RubyGems`.
fn platform(specification: &Node) -> Result<String, Rejection> {
    let platform = match specification.get("platform") {
        None => return Ok("ruby".to_owned()),
        Some(node) if node.is_null() => return Ok("ruby".to_owned()),
        Some(node) if node.tag() == Some(PLATFORM) => platform_object(node),
        Some(node) => node.plain_text().map(str::to_owned),
    };
    match platform {
        Some(platform) if platform.is_empty() => Ok("ruby".to_owned()),
        Some(platform) if is_word(&platform, OTHERS) => Ok(platform),
        _ => Err(Rejection::new(
            "platform",
            "The gem's `platform` must be plain text of letters, digits, `.`, `_` and `-`, such as \
             `ruby` or `x86_64-linux`; build the gem again with a current RubyGems.",
        )),
    }
}

/// The one class besides text that `RubyGems` takes for a platform.
const PLATFORM: &str = "ruby/object:Gem::Platform";

/// A `Gem::Platform` as `to_s` prints it: what it has of processor, system and version.
fn platform_object(node: &Node) -> Option<String> {
    if !node.is_mapping() {
        return None;
    }
    let mut parts = Vec::new();
    for key in ["cpu", "os", "version"] {
        match node.get(key) {
            None => {}
            Some(part) if part.is_null() => {}
            Some(part) => parts.push(part.plain_text()?),
        }
    }
    // An object that names nothing is no Ruby platform.
    (!parts.is_empty()).then(|| parts.join("-"))
}

fn required(specification: &Node, key: &'static str) -> Result<String, Rejection> {
    match specification.get(key) {
        None => Ok(ANY_VERSION.to_owned()),
        Some(node) if node.is_null() => Ok(ANY_VERSION.to_owned()),
        Some(node) => requirement(node).ok_or_else(|| {
            Rejection::new(
                key,
                format!(
                    "The gem's `{key}` is not a requirement such as `>= 2.7`; set one in the gemspec and \
                     build the gem again."
                ),
            )
        }),
    }
}

const ANY_VERSION: &str = ">= 0";

/// A `Gem::Requirement` as it prints itself.
fn requirement(node: &Node) -> Option<String> {
    if let Some(version) = node.get("version").filter(|_| node.get("requirements").is_none()) {
        return version_text(version).map(|version| format!("= {version}"));
    }
    let mut terms = Vec::new();
    for term in node.get("requirements")?.items() {
        terms.push(requirement_term(term)?);
    }
    if terms.is_empty() {
        return Some(ANY_VERSION.to_owned());
    }
    Some(terms.join(", "))
}

/// `[operator, version]`; gems of old YAML libraries hold an object where `=` was meant.
fn requirement_term(term: &Node) -> Option<String> {
    let mut items = term.items();
    let operator = items.next()?.plain_text().unwrap_or("=");
    let version = version_text(items.next()?)?;
    matches!(operator, "=" | "!=" | ">" | "<" | ">=" | "<=" | "~>").then(|| format!("{operator} {version}"))
}

/// Runtime and development dependencies, in the specification's order.
fn dependencies(specification: &Node) -> Result<(Vec<Dependency>, Vec<Dependency>), Rejection> {
    let (mut runtime, mut development) = (Vec::new(), Vec::new());
    let listed = specification.get("dependencies").into_iter();
    for node in listed.flat_map(Node::items) {
        let dependency = dependency(node).ok_or_else(|| {
            Rejection::new(
                "dependencies",
                "Each of the gem's dependencies must have the name of a gem and a requirement such \
                 as `~> 1.2`; correct the gemspec and build the gem again.",
            )
        })?;
        match node.get("type").and_then(Node::text) {
            Some(":development") => development.push(dependency),
            _ => runtime.push(dependency),
        }
    }
    Ok((runtime, development))
}

/// As `Gem::Dependency#requirement` has it: the key of today, where it says something, then those of
/// earlier ages, the oldest first.
fn dependency(node: &Node) -> Option<Dependency> {
    let name = node
        .get("name")?
        .plain_text()
        .filter(|name| is_word(name, OTHERS))?;
    let stated = |key: &str| node.get(key).filter(|stated| !stated.is_null());
    let requirement = match (stated("requirement"), stated("version_requirement")) {
        (Some(today), _) => requirement(today),
        (None, Some(oldest)) => oldest_requirement(oldest),
        (None, None) => {
            let earlier = stated("version_requirements");
            earlier.map_or_else(|| Some(ANY_VERSION.to_owned()), requirement)
        }
    };
    Some(Dependency {
        name: name.to_owned(),
        requirement: requirement?,
    })
}

/// A `Gem::Version::Requirement`, of which `RubyGems` still reads a lone version.
fn oldest_requirement(node: &Node) -> Option<String> {
    match node.get("version") {
        Some(version) if !version.is_null() => Some(format!("= {}", version_text(version)?)),
        _ => Some(ANY_VERSION.to_owned()),
    }
}

fn text(node: &Node, key: &str) -> Option<String> {
    node.get(key)?.text().map(str::to_owned)
}

/// A list of texts; a lone text stands for a list of one.
fn texts(node: &Node, key: &str) -> Vec<String> {
    let Some(node) = node.get(key) else {
        return Vec::new();
    };
    let alone = node.text().into_iter();
    alone
        .chain(node.items().filter_map(Node::text))
        .map(str::to_owned)
        .collect()
}

fn links(specification: &Node) -> BTreeMap<String, String> {
    let pairs = specification.get("metadata").into_iter();
    pairs
        .flat_map(Node::pairs)
        .filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned())))
        .collect()
}
