//! Links lead back to themselves, behind every front door and with every name.

use std::collections::BTreeMap;

use lambda_http::Request;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Resource, path, urls};
use crate::config::Config;
use crate::runtime;
use crate::slug::is_reserved;

const REST_API: &str = "https://abc.execute-api.eu-central-1.amazonaws.com";
const FUNCTION_URL: &str = "https://abc.lambda-url.eu-central-1.on.aws";
const OWN_DOMAIN: &str = "https://packages.example.com";

/// One way to deploy the function.
struct Door {
    name: &'static str,
    /// Where clients reach it.
    base: String,
    /// Configuration by the operator.
    api_base_url: Option<String>,
    /// The event of a GET of a path, which begins after the domain.
    event: fn(&str) -> Value,
    /// Whether the door hands the path on as it was sent.
    keeps_encoding: bool,
}

/// A REST API's event: `front` stands in the context's path, `mapping` in both.
fn rest_api(domain: &str, target: &str, path: &str, mapping: &str) -> Value {
    let resource = Resource::of(&path[mapping.len()..]).unwrap();
    let parameters: BTreeMap<_, _> = resource.parameters.into_iter().collect();
    json!({
        "httpMethod": "GET", "path": path, "resource": resource.template, "headers": {},
        "pathParameters": (!parameters.is_empty()).then_some(parameters),
        "requestContext": { "stage": "live", "domainName": domain, "httpMethod": "GET", "apiId": "abc",
            "path": target, "resourcePath": resource.template }
    })
}

fn version_2(domain: &str, stage: &str, raw_path: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": raw_path, "rawQueryString": "", "headers": {}, "isBase64Encoded": false,
        "requestContext": { "stage": stage, "domainName": domain, "apiId": "abc",
            "http": { "method": "GET", "path": raw_path } }
    })
}

/// As an HTTP API was seen to do it: decoded, and ended at a question mark.
fn http_api_path(target: &str) -> String {
    let decoded = decoded(target);
    decoded.split('?').next().unwrap_or_default().to_owned()
}

fn door(name: &'static str, base: String, event: fn(&str) -> Value, keeps_encoding: bool) -> Door {
    Door {
        name,
        base,
        api_base_url: None,
        event,
        keeps_encoding,
    }
}

fn doors() -> Vec<Door> {
    rest_apis().into_iter().chain(other_doors()).collect()
}

fn rest_apis() -> Vec<Door> {
    vec![
        door(
            "REST API",
            format!("{REST_API}/live"),
            |target| rest_api(&REST_API[8..], target, &target["/live".len()..], ""),
            true,
        ),
        door(
            "REST API, domain of its own",
            OWN_DOMAIN.to_owned(),
            |target| rest_api(&OWN_DOMAIN[8..], target, target, ""),
            true,
        ),
        door(
            "REST API, base path mapping",
            format!("{OWN_DOMAIN}/v2"),
            |target| rest_api(&OWN_DOMAIN[8..], target, target, "/v2"),
            true,
        ),
        Door {
            api_base_url: Some(format!("{OWN_DOMAIN}/v2")),
            ..door(
                "REST API, base path mapping, configured",
                format!("{OWN_DOMAIN}/v2"),
                |target| rest_api(&OWN_DOMAIN[8..], target, target, "/v2"),
                true,
            )
        },
    ]
}

fn other_doors() -> Vec<Door> {
    vec![
        door(
            "HTTP API",
            REST_API.to_owned(),
            |target| version_2(&REST_API[8..], "$default", &http_api_path(target)),
            false,
        ),
        door(
            "HTTP API, stage",
            format!("{REST_API}/live"),
            |target| version_2(&REST_API[8..], "live", &http_api_path(target)),
            false,
        ),
        door(
            "function URL",
            FUNCTION_URL.to_owned(),
            |target| version_2(&FUNCTION_URL[8..], "$default", target),
            true,
        ),
        Door {
            api_base_url: Some(format!("{OWN_DOMAIN}/base")),
            ..door(
                "load balancer",
                format!("{OWN_DOMAIN}/base"),
                |target| {
                    json!({ "httpMethod": "GET", "path": target, "headers": {},
                    "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:x" } } })
                },
                true,
            )
        },
    ]
}

const NAMES: &[&str] = &[
    "a",
    "my-files",
    "my_files",
    "~a",
    "a.b",
    "a..b",
    "0191e23a",
    "live",
    "v2",
    "base",
    "packages",
    "$default",
    "@scope/name",
    "@scope%2Fname",
    "@scope%252fname",
    "a/b/c",
    "/a",
    "a/",
    "/",
    "//",
    "a//b",
    "%",
    "%%",
    "%2",
    "%zz",
    "100%",
    "%25",
    "%2D",
    "a b",
    " ",
    "a+b",
    "+",
    "a?b",
    "a#b",
    "a&b=c",
    "a;b",
    "a:b",
    "a@b",
    "a,b",
    "a'b",
    "a\"b",
    "a(b)",
    "[a]",
    "{a}",
    "{proxy+}",
    "a|b",
    "a\\b",
    "a^b",
    "a`b",
    "<a>",
    "\u{7f}",
    "\t",
    "é",
    "e\u{301}",
    "日本",
    "\u{1f980}",
    "ß/%C3%9F",
];

fn decoded(path: &str) -> String {
    percent_decode_str(path).decode_utf8().unwrap().into_owned()
}

fn config(door: &Door) -> Config {
    Config {
        api_base_url: door.api_base_url.clone(),
        ..Config::new("t", "b")
    }
}

/// A GET of an absolute address, as it arrives through the door.
fn get(door: &Door, address: &str) -> Request {
    let (_, rest) = address.split_once("://").unwrap();
    let target = &rest[rest.find('/').unwrap_or(rest.len())..];
    runtime::read(&(door.event)(target).to_string()).unwrap().into()
}

#[test]
fn links_lead_back_to_themselves() {
    for door in doors() {
        let config = config(&door);
        for name in NAMES {
            // An HTTP API decodes a slash into a separator, and drops what follows a question mark.
            if !door.keeps_encoding && name.contains(['/', '?']) {
                continue;
            }
            let segment = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            for named in [
                vec!["v2", "packages", "{}", "packages", "{}"],
                vec!["organizations", "{}"],
                vec!["{}"],
                vec!["{}", "{}"],
                vec!["o", "r", "npm", "{}"],
                vec!["{}", "{}", "nuget", "{}"],
                vec!["o", "r", "nuget", "package", "{}", "{}"],
                vec!["o", "r", "maven2", "{}", "maven2", "{}"],
            ] {
                // No organization is called so.
                if named[0] == "{}" && is_reserved(name) {
                    continue;
                }
                let link = format!("{}/{}", door.base, named.join("/").replace("{}", &segment));
                let request = get(&door, &link);
                let path = path(&config, &request);
                let segments: Vec<_> = path.split('/').skip(1).map(decoded).collect();
                let expected = named.iter().map(|part| if *part == "{}" { name } else { part });
                assert_eq!(segments, expected.copied().collect::<Vec<_>>(), "{}", door.name);
                assert_eq!(urls(&config, &request).api, door.base, "{} {link}", door.name);
            }
        }
    }
}

#[test]
fn the_base_itself_is_the_root() {
    for door in doors() {
        for address in [door.base.clone(), format!("{}/", door.base)] {
            if door.name == "REST API" && address == door.base {
                // The gateway's own event has a slash there: the stage alone is no path.
                continue;
            }
            let request = get(&door, &address);
            assert_eq!(path(&config(&door), &request), "/", "{} {address}", door.name);
            assert_eq!(
                urls(&config(&door), &request).api,
                door.base,
                "{} {address}",
                door.name
            );
        }
    }
}

#[test]
fn an_http_api_makes_separators_of_encoded_slashes() {
    for door in doors().iter().filter(|door| !door.keeps_encoding) {
        let request = get(door, &format!("{}/a%2Fb/c%252Fd", door.base));
        assert_eq!(path(&config(door), &request), "/a/b/c%252Fd", "{}", door.name);
    }
}

#[test]
fn nested_resources_are_part_of_the_path() {
    let event = json!({
        "httpMethod": "GET", "path": "/base/o/npm/@s%2Fn/x", "resource": "/{organization}/npm/{proxy+}", "headers": {},
        "pathParameters": { "organization": "o", "proxy": "@s/n/x" },
        "requestContext": { "stage": "live", "domainName": "packages.example.com", "httpMethod": "GET",
            "path": "/base/o/npm/@s%2Fn/x", "resourcePath": "/{organization}/npm/{proxy+}" }
    });
    let request = runtime::read(&event.to_string()).unwrap().into();
    let config = Config::new("t", "b");
    assert_eq!(path(&config, &request), "/o/npm/@s%2Fn/x");
    assert_eq!(urls(&config, &request).api, "https://packages.example.com/base");
}
