//! A request as the event of a front door, in AWS's own words.

mod http_api;
mod rest_api;

use std::net::SocketAddr;
use std::time::SystemTime;

use http::HeaderValue;
use http::header::{HOST, HeaderName};
use http::request::Parts;
use lambda_http::request::LambdaRequest;
use lambda_http::{Body, Context, RequestExt};
use packages_api::time::epoch_millis;
use packages_api::{MAX_EVENT_BYTES, Resource};

use super::{FrontDoor, Refusal};

/// The time that the function has, longer than the gateway's: the template's default.
const FUNCTION_TIMEOUT_MILLIS: u64 = 900_000;
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The event of a request whose body is yet to come.
pub(super) fn from_head(
    front_door: FrontDoor,
    head: &Parts,
    peer: SocketAddr,
    id: &str,
) -> Result<LambdaRequest, Refusal> {
    let path = head.uri.path();
    let host = host(head)?;
    let valid = format!("http://{host}{path}").parse::<url::Url>().is_ok();
    if !valid || !path.starts_with('/') {
        return Err(Refusal::BAD_TARGET);
    }
    Ok(match front_door {
        FrontDoor::RestApi => {
            let resource = Resource::of(path).ok_or(Refusal::NO_RESOURCE)?;
            LambdaRequest::ApiGatewayV1(rest_api::event(head, resource, host, peer, id))
        }
        FrontDoor::HttpApi => LambdaRequest::ApiGatewayV2(http_api::event(head, host, peer, id)),
    })
}

/// How many bytes of body fit into the event in base64.
pub(super) fn body_limit(event: &LambdaRequest) -> usize {
    let envelope = match event {
        LambdaRequest::ApiGatewayV1(event) => serde_json::to_vec(event),
        LambdaRequest::ApiGatewayV2(event) => serde_json::to_vec(event),
        _ => return 0,
    };
    let envelope = envelope.map_or(MAX_EVENT_BYTES, |event| event.len());
    MAX_EVENT_BYTES.saturating_sub(envelope) / 4 * 3
}

/// The request as `lambda_http` hands it to the function, with the body in its place.
pub(super) fn into_request(event: LambdaRequest, id: &str, body: Vec<u8>) -> lambda_http::Request {
    let is_text = matches!(&event, LambdaRequest::ApiGatewayV2(event) if !event.is_base64_encoded);
    let mut request = lambda_http::Request::from(event);
    if !body.is_empty() {
        *request.body_mut() = if is_text {
            Body::Text(String::from_utf8_lossy(&body).into_owned())
        } else {
            Body::Binary(body)
        };
    }
    let mut context = Context::default();
    id.clone_into(&mut context.request_id);
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
fn headers(sent: &http::HeaderMap, host: &str, peer: SocketAddr) -> http::HeaderMap {
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

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4711);

    fn head(request: http::request::Builder) -> Parts {
        request.body(()).unwrap().into_parts().0
    }

    fn event(request: http::request::Builder) -> Result<LambdaRequest, Refusal> {
        from_head(FrontDoor::RestApi, &head(request), PEER, "an-id")
    }

    fn request(front_door: FrontDoor, request: http::request::Builder, body: &[u8]) -> lambda_http::Request {
        let event = from_head(front_door, &head(request), PEER, "an-id").unwrap();
        into_request(event, "an-id", body.to_vec())
    }

    #[test]
    fn the_function_sees_what_the_client_sent() {
        let request = http::Request::post("/v2/packages?name=a%20b&name=c")
            .header(HOST, "127.0.0.1:8080")
            .header("authorization", "Bearer x")
            .header("accept", "text/plain")
            .header("accept", "application/json");
        let request = self::request(FrontDoor::RestApi, request, b"\xff\x00");
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
    fn rest_apis_keep_paths_and_decode_parameters() {
        let request = http::Request::get("/o/r/a%2Fb/c%252Fd/%E9/").header(HOST, "a");
        let request = self::request(FrontDoor::RestApi, request, b"");
        assert_eq!(request.raw_http_path(), "/o/r/a%2Fb/c%252Fd/%E9/");
        for (name, text) in [
            ("organization", "o"),
            ("registry", "r"),
            ("proxy", "a/b/c%2Fd/\u{fffd}"),
        ] {
            let parameters = request.path_parameters();
            assert_eq!(parameters.first(name), Some(text), "{name}");
        }
    }

    #[test]
    fn rest_apis_refuse_paths_without_a_resource() {
        let missing = event(http::Request::get("/v2").header(HOST, "a"));
        assert_eq!(missing.map(|_| ()), Err(Refusal::NO_RESOURCE));
        let request = http::Request::get("/v2").header(HOST, "a");
        let request = self::request(FrontDoor::HttpApi, request, b"");
        assert_eq!(request.raw_http_path(), "/v2");
    }

    #[test]
    fn http_apis_decode_paths() {
        for (sent, seen) in [
            ("/v2/a%2Fb/c%252Fd/%E9", "/v2/a/b/c%2Fd/\u{fffd}"),
            ("/v2/a%3Fb/c", "/v2/a"),
            ("/", "/"),
        ] {
            let request = http::Request::get(format!("{sent}?name=a%2Fb")).header(HOST, "a");
            let request = self::request(FrontDoor::HttpApi, request, b"");
            assert_eq!(request.raw_http_path(), seen);
            assert_eq!(request.uri().query(), Some("name=a%2Fb"));
        }
    }

    #[test]
    fn http_apis_join_headers_and_set_cookies_apart() {
        let request = http::Request::post("/p")
            .header(HOST, "a")
            .header("accept", "text/plain")
            .header("accept", "application/json")
            .header("cookie", "a=1; b=2")
            .header("cookie", "c=3");
        let request = self::request(FrontDoor::HttpApi, request, b"");
        assert_eq!(request.headers()["accept"], "text/plain,application/json");
        assert_eq!(request.headers()["cookie"], "a=1; b=2; c=3");
    }

    #[test]
    fn http_apis_hand_some_types_over_as_text() {
        for (content_type, is_text) in [
            ("multipart/form-data; boundary=b", false),
            ("application/octet-stream", false),
            ("Application/JSON; boundary=b", true),
            ("text/plain", true),
        ] {
            let request = http::Request::post("/p")
                .header(HOST, "a")
                .header("content-type", content_type);
            let request = self::request(FrontDoor::HttpApi, request, b"\xff");
            let expected = if is_text {
                Body::Text("\u{fffd}".to_owned())
            } else {
                Body::Binary(b"\xff".to_vec())
            };
            assert_eq!(request.body(), &expected, "{content_type}");
        }
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
