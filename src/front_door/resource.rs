//! Resources of the REST API that `template.yaml` makes, and the gateway's rule by which one is chosen.
//!
//! The function needs none of this: it reads the path itself. The local gateway does, so that it hands on what the deployed
//! one hands on, and a test that finds every route below a resource.

use percent_encoding::percent_decode_str;

/// Every resource with methods.
///
/// A resource has at most one child with a variable, so `/{proxy+}` cannot stand beside `/{organization}`. Fixed segments
/// are preferred to variables, whatever comes below them.
pub(super) const RESOURCES: &[&str] = &[
    "/",
    "/.well-known/{proxy+}",
    "/openapi.yaml",
    "/organizations/{proxy+}",
    "/v2/{proxy+}",
    "/{organization}",
    "/{organization}/{registry}",
    "/{organization}/{registry}/maven2/{proxy+}",
    "/{organization}/{registry}/nuget/package",
    "/{organization}/{registry}/nuget/package/{proxy+}",
    "/{organization}/{registry}/nuget/{proxy+}",
    "/{organization}/{registry}/{proxy+}",
];

/// A resource of the REST API with the values that a path has for its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Path of the resource, with variables in braces.
    pub template: &'static str,
    /// Names of the variables and their texts, decoded.
    pub parameters: Vec<(&'static str, String)>,
}

impl Resource {
    /// The resource of a path as it was sent, without a stage or a base path. A slash at its end makes no difference.
    ///
    /// `None` is a path that the gateway does not hand on.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        let mut rest = path.trim_end_matches('/');
        let mut chosen = String::new();
        let mut parameters = Vec::new();
        while !rest.is_empty() {
            let below = rest.strip_prefix('/')?;
            let (segment, after) = below.split_at(below.find('/').unwrap_or(below.len()));
            let (child, value, after) = child(&chosen, segment, below, after)?;
            parameters.extend(value);
            chosen.extend(["/", child]);
            rest = after;
        }
        let chosen = if chosen.is_empty() { "/" } else { &chosen };
        let template = RESOURCES.iter().find(|template| **template == chosen)?;
        Some(Self { template, parameters })
    }
}

/// A variable's name and text.
type Parameter = (&'static str, String);

/// The child of the resource `parent` for a segment: the child, its variable, and the rest of the path below it.
fn child<'p>(
    parent: &str,
    segment: &str,
    below: &'p str,
    after: &'p str,
) -> Option<(&'static str, Option<Parameter>, &'p str)> {
    let children = RESOURCES.iter().filter_map(|template| {
        let below = template.strip_prefix(parent)?.strip_prefix('/')?;
        below.split('/').next()
    });
    let mut fixed = children
        .clone()
        .filter(|child| !child.is_empty() && variable(child).is_none());
    if let Some(fixed) = fixed.find(|child| *child == segment) {
        return Some((fixed, None, after));
    }
    let mut variables = children.filter_map(|child| Some((child, variable(child)?)));
    let (child, name) = variables.next()?;
    let (name, text, after) = match name.strip_suffix('+') {
        Some(name) => (name, below, ""),
        None => (name, segment, after),
    };
    let text = percent_decode_str(text).decode_utf8_lossy().into_owned();
    (!text.is_empty()).then_some((child, Some((name, text)), after))
}

/// Name of a segment's variable, with its `+` where it takes all that follows.
fn variable(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_template_has_these_resources() {
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../template.yaml")).unwrap();
        let paths = &template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"];
        let paths = paths.as_mapping().unwrap().keys();
        let paths: BTreeSet<_> = paths.map(|path| path.as_str().unwrap()).collect();
        assert_eq!(paths, RESOURCES.iter().copied().collect());
    }

    #[test]
    fn resources_have_one_child_with_a_variable() {
        let mut variables = std::collections::BTreeMap::new();
        for template in RESOURCES {
            let mut parent = String::new();
            for segment in template.split('/').skip(1) {
                if variable(segment).is_some() {
                    let known = variables.insert(parent.clone(), segment);
                    assert!(
                        known.is_none_or(|known| known == segment),
                        "{parent}: {known:?}, {segment}"
                    );
                }
                parent.extend(["/", segment]);
            }
        }
        assert_eq!(variables.len(), 9);
    }

    #[test]
    fn fixed_segments_are_preferred_to_variables() {
        let below = |proxy: &str| {
            let proxy = ("proxy", proxy.to_owned());
            vec![
                ("organization", "o".to_owned()),
                ("registry", "r".to_owned()),
                proxy,
            ]
        };
        for (path, template, parameters) in [
            ("/", "/", vec![]),
            ("", "/", vec![]),
            ("/openapi.yaml", "/openapi.yaml", vec![]),
            ("/v2/user", "/v2/{proxy+}", vec![("proxy", "user".to_owned())]),
            ("/o", "/{organization}", vec![("organization", "o".to_owned())]),
            ("/o/r/", "/{organization}/{registry}", below("")[..2].to_vec()),
            (
                "/o/r/npm/@s%2Fn/",
                "/{organization}/{registry}/{proxy+}",
                below("npm/@s/n"),
            ),
            (
                "/o/r//api/v1/gems",
                "/{organization}/{registry}/{proxy+}",
                below("/api/v1/gems"),
            ),
            (
                "/o/r/%7Bproxy+%7D",
                "/{organization}/{registry}/{proxy+}",
                below("{proxy+}"),
            ),
            (
                "/o/r/nuget/x",
                "/{organization}/{registry}/nuget/{proxy+}",
                below("x"),
            ),
            (
                "/o/r/nuget/package",
                "/{organization}/{registry}/nuget/package",
                below("")[..2].to_vec(),
            ),
            (
                "/o/r/nuget/package/x/1",
                "/{organization}/{registry}/nuget/package/{proxy+}",
                below("x/1"),
            ),
        ] {
            let expected = Resource { template, parameters };
            assert_eq!(Resource::of(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn other_paths_have_no_resource() {
        for path in [
            "/v2",
            "/v2/",
            "/organizations",
            "/.well-known",
            "/openapi.yaml/x",
            "//o/r",
            "/o//x",
            "o/r",
        ] {
            assert_eq!(Resource::of(path), None, "{path}");
        }
        for path in ["/o/r/maven2", "/o/r/nuget/"] {
            assert_eq!(Resource::of(path), None, "{path}");
        }
    }
}
