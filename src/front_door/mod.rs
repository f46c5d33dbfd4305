//! Differences between the front doors: REST API, HTTP API, function URL, load balancer.
//!
//! A path arrives as the client sent it, except from an HTTP API, which decodes it first. In front of it may stand a
//! stage or a base path, which is part of the deployment's address and not of the path. Each is removed once.

mod encoding;
mod resource;
#[cfg(test)]
mod round_trip;

use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequestContext, ApiGatewayV2httpRequestContext};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};

pub use self::resource::Resource;
use crate::config::Config;
use crate::urls::Urls;

/// The stage of an HTTP API or a function URL that stands in no path.
const DEFAULT_STAGE: &str = "$default";

/// Path of a request as `route` knows it: without a stage or a base path in front, each character in one spelling.
///
/// Its segments are still encoded: whoever needs the text of one decodes it, once, after splitting.
pub(crate) fn path(config: &Config, request: &Request) -> String {
    let whole = event_path(request);
    let (front, rest) = split(request, &whole);
    // An address that is configured may have a path that only a proxy in front of the gateway knows.
    let rest = if front.is_empty() {
        strip_front(rest, config.base_path()).unwrap_or(rest)
    } else {
        rest
    };
    encoding::decode_unreserved(if rest.is_empty() { "/" } else { rest })
}

/// The event's own path, encoded.
fn event_path(request: &Request) -> String {
    let raw = request.raw_http_path();
    let raw = if raw.is_empty() { request.uri().path() } else { raw };
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) if decodes_paths(context) => encoding::encode(raw),
        _ => raw.to_owned(),
    }
}

/// The path's two parts: what the front door put in front, and the path of the API.
fn split<'a>(request: &Request, whole: &'a str) -> (&'a str, &'a str) {
    let split = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            resource(context, request).and_then(|resource| encoding::split_before(whole, &resource))
        }
        Some(RequestContext::ApiGatewayV2(context)) => {
            let stage = in_front(context.stage.as_deref());
            strip_front(whole, &stage).map(|rest| whole.split_at(whole.len() - rest.len()))
        }
        _ => None,
    };
    split.unwrap_or(("", whole))
}

/// Path that a REST API matched, decoded and without its first slash: the resource, with the parameters in it.
///
/// A base path mapping is no part of it, and nothing else in the event tells the mapping.
fn resource(context: &ApiGatewayProxyRequestContext, request: &Request) -> Option<String> {
    let parameters = request.path_parameters_ref();
    let template = context.resource_path.as_deref()?.strip_prefix('/')?;
    let segments = template.split('/').map(|segment| {
        match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => parameters?.first(name.trim_end_matches('+')),
            None => Some(segment),
        }
    });
    let segments: Option<Vec<_>> = segments.collect();
    Some(segments?.join("/"))
}

/// Whether a path was decoded before it became an event: an HTTP API's is, a function URL's is not, and local
/// runtimes, which have no API, hand it on as it was sent.
fn decodes_paths(context: &ApiGatewayV2httpRequestContext) -> bool {
    let is_function_url = |domain: &str| domain.contains(".lambda-url.");
    context.apiid.is_some() && !context.domain_name.as_deref().is_some_and(is_function_url)
}

/// The rest of `path`, where it begins with all segments of `front`.
fn strip_front<'a>(path: &'a str, front: &str) -> Option<&'a str> {
    path.strip_prefix(front)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Front of every path of an HTTP API: its stage, where it has a name.
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

/// `https://`, the domain, and what stands in front of the API's path there: of a REST API whatever else the
/// context's path has; of an HTTP API its stage, unless a domain of its own hides it.
fn base_url(request: &Request) -> Option<String> {
    let (domain, front) = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => {
            let whole = context.path.as_deref().unwrap_or_default();
            let resource = resource(context, request);
            let split = resource.and_then(|resource| encoding::split_before(whole, &resource));
            let front = split.map_or("", |(front, _)| front).to_owned();
            (context.domain_name.as_deref()?.to_owned(), front)
        }
        RequestContext::ApiGatewayV2(context) => {
            let domain = context.domain_name.as_deref()?;
            let api = context.apiid.as_deref();
            let is_own = api.is_some_and(|api| domain.starts_with(&format!("{api}.")));
            let stage = context.stage.as_deref().filter(|_| is_own);
            (domain.to_owned(), in_front(stage))
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
    fn stages_and_base_paths_belong_to_addresses() {
        for (domain, front, raw) in [
            ("abc.execute-api.us-east-1.amazonaws.com", "/prod", ""),
            ("packages.example.com", "/base", "/base"),
            ("packages.example.com", "", ""),
        ] {
            let request = request(&format!(
                r#"{{"httpMethod": "GET", "path": "{raw}{PATH}", "resource": "/v2/{{proxy+}}",
                    "pathParameters": {{"proxy": "{}"}},
                    "headers": {{"host": "evil.example.com", "x-forwarded-host": "evil.example.com"}},
                    "requestContext": {{"stage": "prod", "domainName": "{domain}", "httpMethod": "GET",
                        "path": "{front}{PATH}", "resourcePath": "/v2/{{proxy+}}"}}}}"#,
                &PATH["/v2/".len()..]
            ));
            assert_eq!(path(&config(), &request), PATH);
            assert_eq!(urls(&config(), &request).api, format!("https://{domain}{front}"));
        }
    }

    #[test]
    fn http_apis_have_stages_in_their_paths() {
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
    fn only_named_prefixes_may_precede_paths() {
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
