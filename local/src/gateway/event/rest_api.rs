//! The event of a REST API: `ApiGatewayProxyRequest`.

use std::net::SocketAddr;
use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderMap, Method};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyRequestContext};
use packages_api::time::epoch_millis;
use percent_encoding::percent_decode_str;

/// The stage that the gateway would serve; it is part of the event's URI, never of its path.
const STAGE: &str = "local";

/// The event of a request to this host. Every body is in base64.
pub(super) fn event(head: &Parts, host: String, peer: SocketAddr, id: &str) -> ApiGatewayProxyRequest {
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let mut event = ApiGatewayProxyRequest::default();
    event.resource = Some("/{proxy+}".to_owned());
    event.path = Some(path.to_owned());
    event.http_method = head.method.clone();
    event.multi_value_headers = super::headers(&head.headers, &host, peer);
    event.headers = last_values(&event.multi_value_headers);
    // Reading a query never fails: what is no pair is a name without a value.
    event.query_string_parameters = query.parse().unwrap_or_default();
    event.multi_value_query_string_parameters = query.parse().unwrap_or_default();
    // The path stays as it was sent; the parameter that is cut out of it is decoded.
    let proxy = percent_decode_str(&path[1..]).decode_utf8_lossy().into_owned();
    event.path_parameters = [("proxy".to_owned(), proxy)].into();
    event.request_context = context(&head.method, path, host, peer, id);
    event.is_base64_encoded = true;
    event
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
