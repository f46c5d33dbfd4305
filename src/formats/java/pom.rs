//! The POM of an artifact (`maven-4.0.0.xsd`), as far as its page and its index need it.

use std::borrow::Cow;

use super::entities;
use super::facts::{Coordinates, Dependency, Parent, Pom};
use crate::formats::manifest::Rejection;
use crate::formats::source::budget::Budget;
use crate::formats::texts::alphabet::is_made_of;
use crate::formats::texts::properties;
use crate::formats::texts::xml::{self, Dialect, Element};

/// Dependencies that a POM lists for itself.
const MAX_DEPENDENCIES: usize = 10_000;

/// XML as Maven's reader takes it: document types are skipped, what they declare is unknown.
const MAVEN: Dialect = Dialect {
    document_type: true,
    entity: entities::named,
};

/// The root of a POM.
pub(super) fn project(bytes: &[u8], budget: &Budget) -> Result<Element, Rejection> {
    let wrong = |why: &str| Rejection::new("pom", format!("The POM is not usable XML: {why}."));
    let root = xml::decoded(bytes, budget).and_then(|text| xml::read(&text, MAVEN, budget));
    let root = root.map_err(|why| wrong(&why))?;
    let dependencies = root.child("dependencies");
    if root.name != "project" {
        Err(wrong("its root is not `<project>`"))
    } else if dependencies.is_some_and(|list| list.children.len() > MAX_DEPENDENCIES) {
        Err(wrong("it has too many dependencies"))
    } else {
        Ok(root)
    }
}

/// A POM's own coordinates; group and version may be those of its parent.
pub(super) fn coordinates(pom: &Element) -> Result<Coordinates, Rejection> {
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
    /// The coordinates in a `pom.properties`.
    pub(super) fn of_properties(bytes: &[u8], budget: &Budget) -> Option<Self> {
        let names = ["groupId", "artifactId", "version"];
        let [group_id, artifact_id, version] = properties::values(bytes, names, budget)?;
        Self::checked(group_id.trim(), artifact_id.trim(), version.trim()).ok()
    }

    /// Coordinates that are safe in a path.
    pub(super) fn checked(group_id: &str, artifact_id: &str, version: &str) -> Result<Self, Rejection> {
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
                        "The POM's `{field}` must be set there or in its parent, as letters, digits, \
                         `.`, `_` and `-` and without expressions, such as `{example}`."
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
pub(super) fn is_coordinate(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
        && !text.contains("..")
        && is_made_of(text, b"._-+")
}

impl<'a> Pom<'a> {
    pub(super) fn read(project: &'a Element) -> Self {
        let text = |name: &str| project.child_text(name).map(Cow::Borrowed);
        let list = |outer: &str, inner: &'static str| {
            let lists = project.child(outer).into_iter();
            lists.flat_map(move |list| list.all(inner))
        };
        Self {
            packaging: Some(Cow::Borrowed(project.child_text("packaging").unwrap_or("jar"))),
            parent: project.child("parent").and_then(parent),
            name: text("name"),
            description: text("description"),
            url: text("url"),
            licenses: list("licenses", "license")
                .filter_map(|license| license.child_text("name").map(Cow::Borrowed))
                .collect(),
            dependencies: list("dependencies", "dependency").map(dependency).collect(),
        }
    }
}

fn parent(element: &Element) -> Option<Parent<'_>> {
    let text = |name| element.child_text(name).map(Cow::Borrowed);
    Some(Parent {
        group_id: text("groupId")?,
        artifact_id: text("artifactId")?,
        version: text("version")?,
    })
}

fn dependency(element: &Element) -> Dependency<'_> {
    let text = |name| element.child_text(name).map(Cow::Borrowed);
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
