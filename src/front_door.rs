//! What the front doors (REST API, HTTP API, function URL, load balancer) say differently.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::HOST;
use lambda_http::lambda_runtime::{self, LambdaEvent, Service as _};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Request, RequestExt, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::api::views::Urls;
use crate::app::App;
use crate::config::Config;

/// What every path of the API begins with.
const ROOT: &str = "/v2/packages/";

/// The path of the API's description.
const DESCRIPTION: &str = "/openapi.yaml";

/// Longer than any path of the API, and what a URI can hold.
const MAX_PATH_BYTES: usize = 16 * 1024;

/// What a URI's query cannot hold as it is.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`');

/// Serves the front door of a function until its sandbox ends.
///
/// # Errors
/// Where the runtime cannot be reached.
pub async fn run(app: App) -> Result<(), lambda_http::Error> {
    let handler = service_fn(move |request: Request| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(app.handle(request).await) }
    });
    let adapter = Adapter::from(handler);
    let door = service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let mut adapter = adapter.clone();
        // The body is decoded once this is polled, not before: by then the runtime has let go of the
        // event's own bytes, and a large body is not held in three forms at once.
        async move {
            let LambdaEvent { payload, context } = event;
            adapter.call(LambdaEvent::new(made_safe(payload), context)).await
        }
    });
    lambda_runtime::run(door).await
}

/// An event that `lambda_http` can turn into a request whatever a client has put into it: it builds
/// a URI from the host, the path and the query, decodes the body, and panics where one is not
/// well-formed. We use neither the host nor the scheme that a client claims.
fn made_safe(mut event: LambdaRequest) -> LambdaRequest {
    match &mut event {
        LambdaRequest::ApiGatewayV1(event) => {
            make_headers_safe(&mut event.headers);
            make_headers_safe(&mut event.multi_value_headers);
            make_path_safe(&mut event.path);
            make_body_safe(event.is_base64_encoded, &mut event.body);
        }
        LambdaRequest::ApiGatewayV2(event) => {
            make_headers_safe(&mut event.headers);
            make_path_safe(&mut event.raw_path);
            let query = event.raw_query_string.iter_mut();
            query.for_each(|query| *query = utf8_percent_encode(query, NOT_IN_A_QUERY).to_string());
            make_body_safe(event.is_base64_encoded, &mut event.body);
        }
        LambdaRequest::Alb(event) => {
            make_headers_safe(&mut event.headers);
            make_headers_safe(&mut event.multi_value_headers);
            make_path_safe(&mut event.path);
            make_body_safe(event.is_base64_encoded, &mut event.body);
        }
        _ => {}
    }
    event
}

fn make_headers_safe(headers: &mut HeaderMap) {
    headers.remove(HOST);
    headers.remove("x-forwarded-proto");
}

fn make_path_safe(path: &mut Option<String>) {
    if let Some(path) = path
        && (!path.starts_with('/') || path.len() > MAX_PATH_BYTES)
    {
        "/".clone_into(path);
    }
}

/// A body that claims to be base64 and is not is none: the form's reader says what is missing.
fn make_body_safe(is_base64: bool, body: &mut Option<String>) {
    let is_broken = |text: &String| {
        let Some((front, last)) = text.as_bytes().split_last_chunk::<4>() else {
            return !text.is_empty();
        };
        let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        front.len() % 4 != 0 || !front.iter().all(digit) || BASE64.decode(last).is_err()
    };
    if is_base64 && body.as_ref().is_some_and(is_broken) {
        *body = None;
    }
}

/// The path as the API's pages speak of it: without a stage or a base path in front.
pub(crate) fn path(request: &Request) -> String {
    if let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref()
        && context.resource_path.as_deref() == Some("/")
    {
        return "/".to_owned();
    }
    let raw = request.raw_http_path();
    let raw = if raw.is_empty() { request.uri().path() } else { raw };
    let front = raw
        .find(ROOT)
        .or_else(|| raw.strip_suffix(DESCRIPTION).map(str::len));
    front.map_or(raw, |front| &raw[front..]).to_owned()
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

/// `https://`, the domain, and whatever the context's path has in front of the API's root.
fn base_url(request: &Request) -> Option<String> {
    let (domain, path) = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => (&context.domain_name, &context.path),
        RequestContext::ApiGatewayV2(context) => (&context.domain_name, &context.http.path),
        _ => return None,
    };
    let path = path.as_deref().unwrap_or_default();
    let front = path.find(ROOT).map_or("", |end| &path[..end]);
    Some(format!("https://{}{front}", domain.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(event: &str) -> Request {
        made_safe(serde_json::from_str(event).unwrap()).into()
    }

    fn config() -> Config {
        Config::new("t", "b")
    }

    const PATH: &str = "/v2/packages/organizations/o/registries/r/packages";

    #[test]
    fn a_stage_and_a_base_path_are_no_part_of_the_path_but_of_the_address() {
        for (domain, front, raw) in [
            (
                "abc.execute-api.us-east-1.amazonaws.com",
                "/prod",
                PATH.to_owned(),
            ),
            ("packages.example.com", "/base", format!("/base{PATH}")),
            ("packages.example.com", "", PATH.to_owned()),
        ] {
            let request = request(&format!(
                r#"{{"httpMethod": "GET", "path": "{raw}", "resource": "/{{proxy+}}",
                    "headers": {{"host": "evil.example.com", "x-forwarded-host": "evil.example.com"}},
                    "requestContext": {{"stage": "prod", "domainName": "{domain}", "httpMethod": "GET",
                        "path": "{front}{PATH}", "resourcePath": "/{{proxy+}}"}}}}"#
            ));
            assert_eq!(path(&request), PATH);
            assert_eq!(urls(&config(), &request).api, format!("https://{domain}{front}"));
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

    #[test]
    fn nothing_that_a_client_can_send_keeps_an_event_from_being_a_request() {
        let alb = |host: &str, path: &str, body: &str| {
            format!(
                r#"{{"httpMethod": "GET", "path": "{path}", "headers": {{"host": "{host}"}}, "body": "{body}",
                    "multiValueHeaders": {{"host": ["{host}"], "x-forwarded-proto": ["a b"]}},
                    "isBase64Encoded": true, "queryStringParameters": {{"a": "%00<>\""}},
                    "requestContext": {{"elb": {{"targetGroupArn": "arn:aws:elasticloadbalancing:x"}}}}}}"#
            )
        };
        for (host, path, body) in [
            ("a b", "/", ""),
            ("h:99999", ":99999/x", "e"),
            ("[", "", "eHg="),
            ("h", r"/ü \u0000<>", "eHh="),
            ("h", &"/a".repeat(100_000), "=="),
            ("h", "//", "ü"),
        ] {
            let request = request(&alb(host, path, body));
            assert_eq!(request.body().len(), if body == "eHg=" { 2 } else { 0 }, "{body}");
        }
        let query = request(
            r#"{"version": "2.0", "rawPath": "/", "rawQueryString": "a=<\"> `#ü\u0000", "headers": {},
                "isBase64Encoded": false,
                "requestContext": {"stage": "$default", "domainName": "d", "http": {"method": "GET", "path": "/"}}}"#,
        );
        assert_eq!(query.uri().query(), Some("a=%3C%22%3E%20%60%23%C3%BC%00"));
    }
}
