//! The event of an HTTP API, payload format 2.0: `ApiGatewayV2httpRequest`.

use std::net::SocketAddr;
use std::time::SystemTime;

use http::header::{CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue};
use http::request::Parts;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpRequestContext};
use packages_api::time::epoch_millis;
use percent_encoding::percent_decode_str;

/// The stage that stands in no path.
const STAGE: &str = "$default";
/// Types of bodies that are handed over as text, beside `text/…`; all others are in base64.
const TEXTS: [&str; 3] = ["application/json", "application/javascript", "application/xml"];

/// The event of a request to this host.
pub(super) fn event(head: &Parts, host: String, peer: SocketAddr, id: &str) -> ApiGatewayV2httpRequest {
    let query = head.uri.query().unwrap_or_default();
    let path = raw_path(head.uri.path());
    let mut headers = super::headers(&head.headers, &host, peer);
    let mut event = ApiGatewayV2httpRequest::default();
    event.version = Some("2.0".to_owned());
    event.route_key = Some(STAGE.to_owned());
    event.cookies = cookies(&mut headers);
    event.headers = joined(&headers);
    event.is_base64_encoded = !is_text(&event.headers);
    event.raw_query_string = Some(query.to_owned());
    event.query_string_parameters = query.parse().unwrap_or_default();
    event.request_context = context(head, &path, host, peer, id);
    event.raw_path = Some(path);
    event
}

/// The path as an HTTP API hands it on: decoded, and without what an encoded question mark begins.
fn raw_path(sent: &str) -> String {
    let mut path = percent_decode_str(sent).decode_utf8_lossy().into_owned();
    path.truncate(path.find('?').unwrap_or(path.len()));
    path
}

/// Takes the cookies out of the headers.
fn cookies(headers: &mut HeaderMap) -> Option<Vec<String>> {
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(text).collect();
    headers.remove(COOKIE)?;
    let cookies = lines.iter().flat_map(|line| line.split("; "));
    Some(cookies.map(str::to_owned).collect())
}

/// Headers with one value each: the values of one name, with commas between them.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
        joined.extend(
            HeaderValue::from_str(&values.join(","))
                .ok()
                .map(|value| (name.clone(), value)),
        );
    }
    joined
}

fn text(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(text).unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence.starts_with("text/") || TEXTS.contains(&essence.as_str())
}

fn context(
    head: &Parts,
    path: &str,
    host: String,
    peer: SocketAddr,
    id: &str,
) -> ApiGatewayV2httpRequestContext {
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.route_key = Some(STAGE.to_owned());
    context.stage = Some(STAGE.to_owned());
    context.request_id = Some(id.to_owned());
    context.apiid = Some("local".to_owned());
    context.domain_name = Some(host);
    context.time_epoch = i64::try_from(epoch_millis(SystemTime::now())).unwrap_or(i64::MAX);
    context.http.method = head.method.clone();
    context.http.path = Some(path.to_owned());
    context.http.protocol = Some("HTTP/1.1".to_owned());
    context.http.source_ip = Some(peer.ip().to_string());
    context
}
