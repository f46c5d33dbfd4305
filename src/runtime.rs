//! The function's side of the Lambda runtime: events in, answers out.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_config::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lambda_http::http::HeaderMap;
use lambda_http::http::header::HOST;
use lambda_http::lambda_runtime::layers::TracingLayer;
use lambda_http::lambda_runtime::tower::ServiceExt;
use lambda_http::lambda_runtime::tower::layer::layer_fn;
use lambda_http::lambda_runtime::{LambdaEvent, LambdaInvocation, Runtime, Service};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Request, StreamAdapter, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::value::RawValue;

use crate::app::App;
use crate::config::{Config, Transfer};

/// Time that the first poll has the processors for itself: reading the system's certificates takes
/// longer than all else of a start.
const FIRST_POLL: Duration = Duration::from_millis(2);

/// Longer than any path of the API, and what a URI can hold.
const MAX_PATH_BYTES: usize = 16 * 1024;

/// A path that nothing lies at, in the place of one that is too long for anything.
const TOO_LONG: &str = "/too-long";

/// Characters that a URI's query cannot hold as they are.
const NOT_IN_A_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`');

/// Serves the function until its sandbox ends.
///
/// The App is made beside the first poll, not before it: Lambda counts the time until then, and nobody needs the App
/// before the first event. Then its connection to the table is opened, too: a table that does not answer holds nothing
/// up.
///
/// # Errors
/// Where the runtime cannot be reached.
pub async fn run(config: Config, sdk: SdkConfig) -> Result<(), lambda_http::Error> {
    let transfer = config.transfer;
    let app = Arc::new(LazyLock::new(move || App::new(config, &sdk)));
    let early = Arc::clone(&app);
    tokio::spawn(async move {
        tokio::time::sleep(FIRST_POLL).await;
        early.warm_up().await;
    });
    let handler = {
        let app = Arc::clone(&app);
        service_fn(move |request: Request| {
            let app = Arc::clone(&app);
            async move { Ok::<_, Infallible>(app.handle(request).await) }
        })
    };
    match transfer {
        Transfer::Buffered => poll(app, Runtime::new(door(Adapter::from(handler)))).await,
        Transfer::Streamed => poll(app, Runtime::new(door(StreamAdapter::from(handler)))).await,
    }
}

/// Polls one event after another. Where work goes on after its answer, the next one waits for it: Lambda stops a
/// sandbox that polls.
async fn poll<M, S>(app: Arc<LazyLock<App, M>>, runtime: Runtime<S>) -> Result<(), lambda_http::Error>
where
    M: FnOnce() -> App + Send + 'static,
    S: Service<LambdaInvocation, Response = (), Error = lambda_http::Error>,
{
    let ended = layer_fn(move |answering| {
        let app = Arc::clone(&app);
        ServiceExt::<LambdaInvocation>::then(answering, |answered| async move {
            app.overtime_ended().await;
            answered
        })
    });
    runtime.layer(TracingLayer::new()).layer(ended).run().await
}

/// The function as the runtime calls it: a raw event in, the adapter's kind of answer out.
fn door<S>(
    adapter: S,
) -> impl Service<
    LambdaEvent<Box<RawValue>>,
    Response = S::Response,
    Error = lambda_http::Error,
    Future = impl Future<Output = Result<S::Response, lambda_http::Error>>,
>
where
    S: Service<LambdaEvent<LambdaRequest>> + Clone,
    S::Error: Into<lambda_http::Error>,
{
    service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let mut adapter = adapter.clone();
        // Read once this is polled, not before: by then the runtime has let go of the event's own
        // bytes, and a large body is held in two forms at once, not in three.
        async move {
            let LambdaEvent { payload, context } = event;
            let event = read(payload.get())?;
            drop(payload);
            let answer = adapter.call(LambdaEvent::new(event, context)).await;
            answer.map_err(Into::into)
        }
    })
}

/// The event of any front door, made safe. They are tried in the order of `lambda_http`, whose own
/// reader would copy the text first.
pub(crate) fn read(text: &str) -> Result<LambdaRequest, lambda_http::Error> {
    serde_json::from_str(text)
        .map(LambdaRequest::ApiGatewayV1)
        .or_else(|_| serde_json::from_str(text).map(LambdaRequest::ApiGatewayV2))
        .or_else(|_| serde_json::from_str(text).map(LambdaRequest::Alb))
        .map(made_safe)
        .map_err(|_| {
            "this is not an event of a REST API, an HTTP API, a function URL or a load balancer".into()
        })
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
            event
                .path_parameters
                .retain(|_, part| part.len() <= MAX_PATH_BYTES);
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
    if let Some(path) = path {
        if path.len() > MAX_PATH_BYTES {
            TOO_LONG.clone_into(path);
        } else if !path.starts_with('/') {
            "/".clone_into(path);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn request(event: &str) -> Request {
        read(event).unwrap().into()
    }

    #[test]
    fn every_event_of_a_client_becomes_a_request() {
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
