//! A request as the event of a REST API: `ApiGatewayProxyRequest` in AWS's own words.

use std::net::SocketAddr;
use std::time::SystemTime;

use http::header::{HOST, HeaderName};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyRequestContext};
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, RequestExt};
use packages_api::MAX_EVENT_BYTES;
use packages_api::time::epoch_millis;
use percent_encoding::percent_decode_str;

use super::Refusal;

/// The time that the function has, longer than the gateway's: the template's default.
const FUNCTION_TIMEOUT_MILLIS: u64 = 900_000;
/// The stage that the gateway would serve; it is part of the event's URI, never of its path.
const STAGE: &str = "local";
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The event of a request whose body is yet to come.
pub(super) fn from_head(head: &Parts, peer: SocketAddr, id: &str) -> Result<ApiGatewayProxyRequest, Refusal> {
    let path = head.uri.path();
    let host = host(head)?;
    let valid = format!("http://{host}/{STAGE}{path}").parse::<url::Url>().is_ok();
    if !valid || !path.starts_with('/') {
        return Err(Refusal::BAD_TARGET);
    }
    let query = head.uri.query().unwrap_or_default();
    let mut event = ApiGatewayProxyRequest::default();
    event.resource = Some("/{proxy+}".to_owned());
    event.path = Some(path.to_owned());
    event.http_method = head.method.clone();
    event.multi_value_headers = headers(&head.headers, &host, peer);
    event.headers = last_values(&event.multi_value_headers);
    // Reading a query never fails: what is no pair is a name without a value.
    event.query_string_parameters = query.parse().unwrap_or_default();
    event.multi_value_query_string_parameters = query.parse().unwrap_or_default();
    // The path stays as it was sent; the parameter that is cut out of it is decoded.
    let proxy = percent_decode_str(&path[1..]).decode_utf8_lossy().into_owned();
    event.path_parameters = [("proxy".to_owned(), proxy)].into();
    event.request_context = context(&head.method, path, host, peer, id);
    event.is_base64_encoded = true;
    Ok(event)
}

/// How many bytes of body fit into the event in base64.
pub(super) fn body_limit(event: &ApiGatewayProxyRequest) -> usize {
    let envelope = serde_json::to_vec(event).map_or(MAX_EVENT_BYTES, |event| event.len());
    MAX_EVENT_BYTES.saturating_sub(envelope) / 4 * 3
}

/// The request as `lambda_http` hands it to the function, with the body in its place.
pub(super) fn into_request(event: ApiGatewayProxyRequest, body: Vec<u8>) -> lambda_http::Request {
    let id = event.request_context.request_id.clone().unwrap_or_default();
    let mut request = lambda_http::Request::from(LambdaRequest::ApiGatewayV1(event));
    if !body.is_empty() {
        *request.body_mut() = Body::Binary(body);
    }
    let mut context = Context::default();
    context.request_id = id;
    context.deadline = epoch_millis(SystemTime::now()).saturating_add(FUNCTION_TIMEOUT_MILLIS);
    request.with_lambda_context(context)
}

/// The host that was asked for: of an absolute address, else of the header.
fn host(head: &Parts) -> Result<String, Refusal> {
    if let Some(authority) = head.uri.authority() {
        return Ok(authority.to_string());
    }
    match head.headers.get(HOST) {
        Some(host) => match host.to_str() {
            Ok(host) if host.parse::<http::uri::Authority>().is_ok() => Ok(host.to_owned()),
            _ => Err(Refusal::BAD_TARGET),
        },
        // HTTP/1.0 knows no such header.
        None => Ok("localhost".to_owned()),
    }
}

/// The headers as the gateway hands them on, with what it adds. An event is JSON, and so UTF-8.
fn headers(sent: &HeaderMap, host: &str, peer: SocketAddr) -> HeaderMap {
    let mut headers = sent.clone();
    for value in headers.values_mut() {
        if let Some(text) = in_utf8(value) {
            *value = text;
        }
    }
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    if let Ok(host) = HeaderValue::from_str(host) {
        headers.insert(HOST, host);
    }
    if let Ok(peer) = HeaderValue::from_str(&peer.ip().to_string()) {
        headers.append(FORWARDED_FOR, peer);
    }
    headers
}

/// A value that is not UTF-8, read as what such values were before: Latin-1.
fn in_utf8(value: &HeaderValue) -> Option<HeaderValue> {
    let bytes = value.as_bytes();
    if std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let text: String = bytes.iter().copied().map(char::from).collect();
    HeaderValue::from_bytes(text.as_bytes()).ok()
}

/// Of every header its last value: an event's `headers`, beside its `multiValueHeaders`.
fn last_values(headers: &HeaderMap) -> HeaderMap {
    let mut last = HeaderMap::with_capacity(headers.keys_len());
    for (name, value) in headers {
        last.insert(name, value.clone());
    }
    last
}

/// As with a custom domain: no stage in front of the path.
fn context(
    method: &Method,
    path: &str,
    host: String,
    peer: SocketAddr,
    id: &str,
) -> ApiGatewayProxyRequestContext {
    let mut context = ApiGatewayProxyRequestContext::default();
    context.stage = Some(STAGE.to_owned());
    context.domain_name = Some(host);
    context.request_id = Some(id.to_owned());
    context.protocol = Some("HTTP/1.1".to_owned());
    context.identity.source_ip = Some(peer.ip().to_string());
    context.resource_path = Some("/{proxy+}".to_owned());
    context.path = Some(path.to_owned());
    context.http_method = method.clone();
    context.request_time_epoch = i64::try_from(epoch_millis(SystemTime::now())).unwrap_or(i64::MAX);
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4711);

    fn head(request: http::request::Builder) -> Parts {
        request.body(()).unwrap().into_parts().0
    }

    fn event(request: http::request::Builder) -> Result<ApiGatewayProxyRequest, Refusal> {
        from_head(&head(request), PEER, "an-id")
    }

    #[test]
    fn the_function_sees_what_the_client_sent() {
        let request = http::Request::post("/v2/packages?name=a%20b&name=c")
            .header(HOST, "127.0.0.1:8080")
            .header("authorization", "Bearer x")
            .header("accept", "text/plain")
            .header("accept", "application/json");
        let request = into_request(event(request).unwrap(), b"\xff\x00".to_vec());
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:8080/local/v2/packages?name=a+b&name=c"
        );
        assert_eq!(request.raw_http_path(), "/v2/packages");
        assert_eq!(
            request.query_string_parameters().all("name"),
            Some(vec!["a b", "c"])
        );
        assert_eq!(request.headers()["authorization"], "Bearer x");
        assert_eq!(request.headers()["accept"], "application/json");
        assert_eq!(request.body(), &Body::Binary(b"\xff\x00".to_vec()));
        assert_eq!(request.lambda_context_ref().unwrap().request_id, "an-id");
    }

    #[test]
    fn paths_stay_encoded_and_parameters_are_decoded() {
        let request = http::Request::get("/v2/a%2Fb/c%252Fd/%E9").header(HOST, "a");
        let event = event(request).unwrap();
        assert_eq!(event.path.as_deref(), Some("/v2/a%2Fb/c%252Fd/%E9"));
        assert_eq!(event.path_parameters["proxy"], "v2/a/b/c%2Fd/\u{fffd}");
    }

    #[test]
    fn invalid_hosts_are_refused() {
        for host in ["a b", "[", "a/b", "a:99999", ""] {
            let request = http::Request::get("/v2").header(HOST, host);
            assert_eq!(event(request).map(|_| ()), Err(Refusal::BAD_TARGET), "{host:?}");
        }
        assert!(event(http::Request::get("*").header(HOST, "a")).is_err());
        assert!(event(http::Request::get("/").header("x-forwarded-proto", "no such thing")).is_ok());
    }

    #[test]
    fn body_and_envelope_share_the_event_limit() {
        let limit = body_limit(&event(http::Request::get("/").header(HOST, "a")).unwrap());
        assert!((4_700_000..4_718_592).contains(&limit), "{limit}");
        let long = "x".repeat(9_000);
        let event = event(http::Request::get("/").header(HOST, "a").header("x", long)).unwrap();
        assert!(body_limit(&event) < limit - 9_000);
    }
}
