//! Matching of paths and methods.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;
use crate::front_door::Resource;
use crate::http::status;

const PACKAGES: &str = "/v2/packages/organizations/o/registries/r/packages";

fn registry() -> RegistryPath {
    RegistryPath {
        organization: "o".to_owned(),
        registry: "r".to_owned(),
    }
}

/// The endpoint, or the methods of a 405, or the status.
fn matched(method: &Method, path: &str) -> Result<Endpoint, String> {
    let matched = endpoint(method, path).map_err(|error| match error {
        Error::MethodNotAllowed(allow) => allow,
        error => status(&error).to_string(),
    })?;
    match matched {
        Matched::Api(endpoint) => Ok(endpoint),
        Matched::Native(endpoint) => Err(endpoint.route.name.to_owned()),
    }
}

#[test]
fn a_path_and_a_method_have_one_endpoint() {
    let id = PackageId::mint();
    let package = PackagePath {
        registry: registry(),
        id: Some(id),
    };
    let path = format!("{PACKAGES}/{id}/copy");
    assert_eq!(matched(&Method::POST, &path), Ok(Endpoint::CopyPackage(package)));
    assert_eq!(matched(&Method::HEAD, "/"), Ok(Endpoint::Health));
    assert_eq!(
        matched(&Method::POST, &format!("{PACKAGES}/upload")),
        Ok(Endpoint::RequestUpload(registry()))
    );
}

#[test]
fn every_template_fits_its_endpoint() {
    for (method, template, _) in API {
        let path = template.replace(['{', '}'], "");
        let endpoint = endpoint(method, &path).unwrap();
        assert_eq!(endpoint.registry().is_some(), template.contains("{registry}"));
        assert_eq!(endpoint.package().is_some(), template.contains("{id}"));
    }
}

#[test]
fn no_template_has_more_segments_than_are_compared() {
    let native = PROTOCOLS.iter().flat_map(|protocol| protocol.routes);
    let templates = API.iter().map(|(_, template, _)| *template);
    let templates = templates.chain(native.map(|route| route.template));
    assert_eq!(
        templates.map(|template| template.split('/').count()).max(),
        Some(MAX_SEGMENTS)
    );
    assert_eq!(segments(&"/".repeat(1000)), [""; MAX_SEGMENTS + 1]);
}

#[test]
fn the_description_has_the_same_calls() {
    let description: serde_json::Value = serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).unwrap();
    let mut described = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let methods = operations
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| *key != "parameters");
        described.extend(methods.map(|method| (method.to_uppercase(), path.as_str())));
    }
    let mut routes: Vec<_> = API
        .iter()
        .map(|(method, path, _)| (method.to_string(), *path))
        .collect();
    described.sort();
    routes.sort();
    assert_eq!(described, routes);
}

#[test]
fn other_methods_are_named_and_other_paths_missing() {
    assert_eq!(matched(&Method::PUT, PACKAGES), Err("GET, HEAD, POST".to_owned()));
    assert_eq!(matched(&Method::POST, "/"), Err("GET, HEAD".to_owned()));
    let upload = format!("{PACKAGES}/upload");
    assert_eq!(matched(&Method::GET, &upload), Err("POST".to_owned()));
    for path in [
        "",
        "//",
        "/v2",
        &format!("{PACKAGES}/"),
        &format!("{PACKAGES}//copy"),
        "/v2/packages/organizations/o",
    ] {
        assert_eq!(
            matched(&Method::GET, path),
            Err("404 Not Found".to_owned()),
            "{path}"
        );
    }
}

#[test]
fn native_roots_belong_to_no_reserved_organization() {
    let at = |path: &str| match endpoint(&Method::GET, path) {
        Ok(matched) => matched.name().to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(at("/o/r/pypi/files/i/f"), "PythonFile");
    assert!(at("/ping/r/pypi/files/i/f").contains("`ping` is reserved"));
    assert!(at("/v2/r/pypi/files/i/f").contains("The API's addresses begin with"));
    assert!(at("/o/r/pypi/files/%FF/f").contains("The API's addresses begin with"));
}

#[test]
fn texts_of_native_paths_are_decoded_once() {
    let Ok(Matched::Native(endpoint)) = endpoint(&Method::GET, "/o/r/pypi/files/a%2Fb/c%252F%C3%BC+") else {
        panic!("a native endpoint");
    };
    assert_eq!(endpoint.values, ["a/b", "c%2Fü+"]);
}

#[test]
fn first_segments_of_the_api_are_reserved() {
    for (_, template, _) in API {
        let first = template.split('/').nth(1).unwrap();
        assert!(
            first.is_empty() || first.contains('.') || is_reserved(first),
            "{template}"
        );
    }
}

#[test]
fn every_route_has_a_resource() {
    let native = PROTOCOLS.iter().flat_map(|protocol| protocol.routes);
    let native = native.map(|route| format!("/{{organization}}/{{registry}}{}", route.template));
    let api = API.iter().map(|(_, template, _)| (*template).to_owned());
    for template in api.chain(native) {
        for name in ["a", "@s%2Fn", "maven2", "package"] {
            let path: Vec<_> = template
                .split('/')
                .map(|segment| if segment.starts_with('{') { name } else { segment })
                .collect();
            let path = path.join("/");
            assert!(Resource::of(&path).is_some(), "{path}");
        }
    }
}

#[test]
fn every_native_template_takes_every_name() {
    for protocol in PROTOCOLS {
        for route in protocol.routes {
            for name in [
                "a",
                "ü",
                "a/b",
                "%2F",
                "a b+c",
                "@s/n",
                "..",
                "?#&=",
                "\u{1f980}",
                "{name}",
            ] {
                let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
                let segments = route.template.split('/').map(|segment| match segment.as_bytes() {
                    [b'@', b'{', ..] => "%40s",
                    [b'{', ..] => encoded.as_str(),
                    _ => segment,
                });
                let path = format!("/o/r{}", segments.collect::<Vec<_>>().join("/"));
                let Ok(Matched::Native(endpoint)) = endpoint(&route.method, &path) else {
                    panic!("{} {path} is not found", route.method);
                };
                assert_eq!(endpoint.route.template, route.template, "{path}");
                let is_sent = |value: &String| value == name || value == "@s";
                assert!(endpoint.values.iter().all(is_sent), "{path}");
            }
        }
    }
}
