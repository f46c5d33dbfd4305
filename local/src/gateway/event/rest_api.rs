//! The event of a REST API: `ApiGatewayProxyRequest`.

use std::net::SocketAddr;
use std::time::SystemTime;

use http::request::Parts;
use http::{HeaderMap, Method};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyRequestContext};
use packages_api::Resource;
use packages_api::time::epoch_millis;

/// The stage that the gateway would serve; it is part of the event's URI, never of its path.
const STAGE: &str = "local";

/// The event of a request to this host. Every body is in base64.
pub(super) fn event(
    head: &Parts,
    resource: Resource,
    host: String,
    peer: SocketAddr,
    id: &str,
) -> ApiGatewayProxyRequest {
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let mut event = ApiGatewayProxyRequest::default();
    event.resource = Some(resource.template.to_owned());
    event.path = Some(path.to_owned());
    event.http_method = head.method.clone();
    event.multi_value_headers = super::headers(&head.headers, &host, peer);
    event.headers = last_values(&event.multi_value_headers);
    // Reading a query never fails: what is no pair is a name without a value.
    event.query_string_parameters = query.parse().unwrap_or_default();
    event.multi_value_query_string_parameters = query.parse().unwrap_or_default();
    event.request_context = context(&head.method, path, host, peer, id);
    event.request_context.resource_path = Some(resource.template.to_owned());
    // The path stays as it was sent; the parameters that are cut out of it are decoded.
    let parameters = resource.parameters.into_iter();
    event.path_parameters = parameters.map(|(name, text)| (name.to_owned(), text)).collect();
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
    context.path = Some(path.to_owned());
    context.http_method = method.clone();
    context.request_time_epoch = i64::try_from(epoch_millis(SystemTime::now())).unwrap_or(i64::MAX);
    context
}
