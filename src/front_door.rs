//! What the front doors (REST API, HTTP API, function URL, load balancer) say differently.

use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

use crate::config::Config;
use crate::urls::Urls;

/// What every path of the API's own begins with, but for health and the description.
const ROOT: &str = "/v2/packages/";

/// The stage of an HTTP API or a function URL that stands in no path.
const DEFAULT_STAGE: &str = "$default";

/// The path as the API's pages speak of it: without a stage or a base path in front, each character in
/// one spelling.
///
/// A REST API says which part its own base path mapping left over, an HTTP API which stage it put in
/// front; what else stands there is part of the path, unless `API_BASE_URL` names it.
pub(crate) fn path(config: &Config, request: &Request) -> String {
    let raw = request.raw_http_path();
    let raw = if raw.is_empty() { request.uri().path() } else { raw };
    let path = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            let parameters = request.path_parameters_ref();
            match parameters.and_then(|parameters| parameters.first("proxy")) {
                Some(rest) => format!("/{rest}"),
                None if context.resource_path.as_deref() == Some("/") => "/".to_owned(),
                None => raw.to_owned(),
            }
        }
        Some(RequestContext::ApiGatewayV2(context)) => {
            behind(raw, &in_front(context.stage.as_deref())).to_owned()
        }
        _ => raw.to_owned(),
    };
    decode_unreserved(behind(&path, config.base_path()))
}

/// RFC 3986, 6.2.2.2: `%2D` is `-`. Some front doors decode a path, others hand it on as it was sent.
/// Anything but an unreserved character stays encoded: `%2F` separates nothing.
fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let unreserved = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte));
        let length = if let Some(byte) = unreserved {
            decoded.push(char::from(byte));
            "%2D".len()
        } else {
            decoded.push('%');
            "%".len()
        };
        rest = &rest[at + length..];
    }
    decoded.push_str(rest);
    decoded
}

/// What follows `front`, where the path begins with it.
fn behind<'a>(path: &'a str, front: &str) -> &'a str {
    match path.strip_prefix(front) {
        Some("") => "/",
        Some(rest) if rest.starts_with('/') => rest,
        _ => path,
    }
}

/// What an HTTP API puts in front of every path: a stage with a name.
fn in_front(stage: Option<&str>) -> String {
    let named = stage.filter(|stage| *stage != DEFAULT_STAGE);
    named.map(|stage| format!("/{stage}")).unwrap_or_default()
}

/// The id under which the front door answers what the function does not.
pub(crate) fn request_id(request: &Request) -> Option<String> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.request_id.clone(),
        RequestContext::ApiGatewayV2(context) => context.request_id.clone(),
        _ => None,
    }
}

/// Where this deployment is reached: as configured, else as the front door's own context says,
/// never as a header says, which anybody can set. A load balancer's context does not say it: without
/// `API_BASE_URL`, addresses behind one are paths alone.
pub(crate) fn urls(config: &Config, request: &Request) -> Urls {
    let api = config.api_base_url.clone();
    let api = api.or_else(|| base_url(request)).unwrap_or_default();
    let web = config.web_base_url.clone().unwrap_or_else(|| api.clone());
    Urls { api, web }
}

/// `https://`, the domain, and what stands in front of the API's root there: of a REST API whatever the
/// context's path has; of an HTTP API its stage, unless a domain of its own hides it.
fn base_url(request: &Request) -> Option<String> {
    let (domain, front) = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => {
            let path = context.path.as_deref().unwrap_or_default();
            let end = path.find(ROOT).unwrap_or_default();
            (context.domain_name.as_deref()?, path[..end].to_owned())
        }
        RequestContext::ApiGatewayV2(context) => {
            let domain = context.domain_name.as_deref()?;
            let api = context.apiid.as_deref();
            let is_own = api.is_some_and(|api| domain.starts_with(&format!("{api}.")));
            let stage = context.stage.as_deref().filter(|_| is_own);
            (domain, in_front(stage))
        }
        _ => return None,
    };
    Some(format!("https://{domain}{front}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime;

    fn request(event: &str) -> Request {
        runtime::read(event).unwrap().into()
    }

    fn config() -> Config {
        Config::new("t", "b")
    }

    const PATH: &str = "/v2/packages/organizations/o/registries/r/packages";

    #[test]
    fn a_stage_and_a_base_path_are_no_part_of_the_path_but_of_the_address() {
        for (domain, front, raw) in [
            ("abc.execute-api.us-east-1.amazonaws.com", "/prod", ""),
            ("packages.example.com", "/base", "/base"),
            ("packages.example.com", "", ""),
        ] {
            let request = request(&format!(
                r#"{{"httpMethod": "GET", "path": "{raw}{PATH}", "resource": "/{{proxy+}}",
                    "pathParameters": {{"proxy": "{}"}},
                    "headers": {{"host": "evil.example.com", "x-forwarded-host": "evil.example.com"}},
                    "requestContext": {{"stage": "prod", "domainName": "{domain}", "httpMethod": "GET",
                        "path": "{front}{PATH}", "resourcePath": "/{{proxy+}}"}}}}"#,
                &PATH[1..]
            ));
            assert_eq!(path(&config(), &request), PATH);
            assert_eq!(urls(&config(), &request).api, format!("https://{domain}{front}"));
        }
    }

    #[test]
    fn an_http_api_has_its_stage_in_every_path_and_in_its_own_domain_alone() {
        let own = "abc.execute-api.us-east-1.amazonaws.com";
        for (domain, stage, raw, expected, front) in [
            (own, "prod", "/prod", PATH, "/prod"),
            (own, "$default", "", PATH, ""),
            ("packages.example.com", "prod", "/prod", PATH, ""),
            (own, "prod", "/prod", "/", "/prod"),
            (own, "prod", "/prod", "", "/prod"),
            (own, "prod", "", "/product", "/prod"),
        ] {
            let raw = format!("{raw}{expected}");
            let request = request(&format!(
                r#"{{"version": "2.0", "rawPath": "{raw}", "rawQueryString": "", "headers": {{}},
                    "isBase64Encoded": false,
                    "requestContext": {{"stage": "{stage}", "domainName": "{domain}", "apiId": "abc",
                        "http": {{"method": "GET", "path": "{raw}"}}}}}}"#
            ));
            let expected = if expected.is_empty() { "/" } else { expected };
            assert_eq!(path(&config(), &request), expected);
            assert_eq!(urls(&config(), &request).api, format!("https://{domain}{front}"));
        }
    }

    #[test]
    fn only_what_the_front_door_or_the_configuration_names_may_stand_in_front() {
        let at = |path: &str| {
            request(&format!(
                r#"{{"httpMethod": "GET", "path": "{path}", "headers": {{}},
                    "requestContext": {{"elb": {{"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}}}}}"#
            ))
        };
        let based = Config {
            api_base_url: Some("https://example.com/a/base".to_owned()),
            ..config()
        };
        let front = format!("/a/base{PATH}");
        assert_eq!(path(&config(), &at(&front)), front);
        assert_eq!(path(&based, &at(&front)), PATH);
        assert_eq!(path(&based, &at(PATH)), PATH);
        assert_eq!(path(&based, &at("/a/base")), "/");
        assert_eq!(path(&based, &at("/a/basement")), "/a/basement");
    }

    #[test]
    fn encoded_unreserved_characters_are_the_characters() {
        for (sent, meant) in [
            ("/my%2Dfiles", "/my-files"),
            ("/%6d%79%5F%7E%2e", "/my_~."),
            ("/a%2Fb%2f", "/a%2Fb%2f"),
            ("/a%252Db", "/a%252Db"),
            ("/%", "/%"),
            ("/%2", "/%2"),
            ("/%+1%-1%2\u{e9}", "/%+1%-1%2\u{e9}"),
            ("/%C3%A9%00%20%3F", "/%C3%A9%00%20%3F"),
            ("/%%2D%2", "/%-%2"),
        ] {
            assert_eq!(decode_unreserved(sent), meant, "{sent}");
        }
    }

    #[test]
    fn configured_addresses_win_and_a_header_never_decides() {
        let event = format!(
            r#"{{"httpMethod": "GET", "path": "{PATH}", "headers": {{"host": "evil.example.com"}},
                "requestContext": {{"elb": {{"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}}}}}"#
        );
        assert_eq!(urls(&config(), &request(&event)).api, "");
        let config = Config {
            api_base_url: Some("https://api.example.com".to_owned()),
            web_base_url: Some("https://www.example.com".to_owned()),
            ..config()
        };
        let urls = urls(&config, &request(&event));
        assert_eq!(urls.api, "https://api.example.com");
        assert_eq!(urls.web, "https://www.example.com");
    }
}
