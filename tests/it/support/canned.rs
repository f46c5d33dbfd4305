//! Answers in AWS's own words that no service has given.

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::fault::Fault;

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    S3,
    DynamoDb,
}

impl Service {
    /// The operation that a request asks for.
    pub(crate) fn operation<B>(self, request: &Request<B>) -> String {
        if self == Self::DynamoDb {
            let target = text(request.headers(), "x-amz-target");
            return target.rsplit('.').next().unwrap_or_default().to_owned();
        }
        let query = request.uri().query().unwrap_or_default();
        let lists = query.contains("list-type=2");
        let copies = request.headers().contains_key("x-amz-copy-source");
        let of_upload = query.contains("uploadId=");
        match (request.method(), lists) {
            (&Method::POST, _) if query.starts_with("uploads") => "CreateMultipartUpload",
            (&Method::PUT, _) if of_upload => "UploadPart",
            (&Method::POST, _) if of_upload => "CompleteMultipartUpload",
            (&Method::GET, _) if query.contains("versions") => "ListObjectVersions",
            (&Method::GET, true) => "ListObjectsV2",
            (&Method::GET, false) => "GetObject",
            (&Method::HEAD, _) => "HeadObject",
            (&Method::PUT, _) if copies => "CopyObject",
            (&Method::PUT, _) => "PutObject",
            (&Method::DELETE, _) => "DeleteObject",
            (&Method::POST, _) if query == "delete" => "DeleteObjects",
            _ => "another operation",
        }
        .to_owned()
    }
}

/// The answer for faults that are answers.
pub(crate) fn answer(service: Service, fault: &Fault, body: &[u8]) -> Response<Bytes> {
    let dynamodb = service == Service::DynamoDb;
    match fault {
        Fault::Refuse if dynamodb => dynamodb_error("AccessDeniedException"),
        Fault::Refuse => s3_error(StatusCode::FORBIDDEN, "AccessDenied"),
        Fault::Throttle if dynamodb => dynamodb_error("ThrottlingException"),
        Fault::Throttle => s3_error(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
        Fault::Fail if dynamodb => {
            let body = json!({"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"});
            json_answer(StatusCode::INTERNAL_SERVER_ERROR, &body)
        }
        Fault::Fail => s3_error(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        Fault::InProgress => dynamodb_error("TransactionInProgressException"),
        Fault::Cancel(code) => cancelled(code, body),
        Fault::Unprocessed => {
            let keys = &parsed(body)["RequestItems"];
            json_answer(StatusCode::OK, &json!({"Responses": {}, "UnprocessedKeys": keys}))
        }
        fault => unreachable!("{fault:?} is no answer"),
    }
}

/// Answer to a read that does not ask for consistency: a mistake that no test may pass with.
pub(crate) fn inconsistent_read(service: Service, operation: &str, body: &[u8]) -> Option<Response<Bytes>> {
    let reads = ["BatchGetItem", "GetItem", "Query", "Scan"];
    if service != Service::DynamoDb || !reads.contains(&operation) {
        return None;
    }
    let request = parsed(body);
    let consistent = |read: &Value| read["ConsistentRead"] == json!(true);
    let all_are = match request["RequestItems"].as_object() {
        Some(tables) => tables.values().all(consistent),
        None => consistent(&request),
    };
    (!all_are).then(|| dynamodb_error("AnInconsistentRead"))
}

/// The answer to a batch, of its first key alone: the others it leaves unprocessed. The request went
/// out whole, since its signature is of the whole.
pub(crate) fn first_of_batch(request: &[u8], response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    let mut answer = parsed(&body);
    let mut rest = parsed(request)["RequestItems"].clone();
    for (table, read) in rest.as_object_mut().expect("tables") {
        let first = read["Keys"].as_array_mut().expect("keys").remove(0);
        let is_first = |item: &Value| item["pk"] == first["pk"] && item["sk"] == first["sk"];
        if let Some(items) = answer["Responses"][table].as_array_mut() {
            items.retain(is_first);
        }
    }
    if let Value::Object(tables) = &mut rest {
        tables.retain(|_, read| read["Keys"] != json!([]));
    }
    answer["UnprocessedKeys"] = rest;
    for header in [CONTENT_LENGTH.as_str(), "x-amz-crc32"] {
        head.headers.remove(header);
    }
    Response::from_parts(head, answer.to_string().into())
}

/// The answer to a read, without the records whose partition is of this kind.
pub(crate) fn without(kind: &str, response: Response<Bytes>) -> Response<Bytes> {
    let (mut head, body) = response.into_parts();
    let mut answer = parsed(&body);
    let is_other = |item: &Value| {
        let partition = item["pk"]["S"].as_str().unwrap_or_default();
        partition.split('/').next() != Some(kind)
    };
    if let Some(items) = answer["Items"].as_array_mut() {
        items.retain(is_other);
    }
    let tables = answer["Responses"].as_object_mut().into_iter().flatten();
    for (_, items) in tables {
        if let Some(items) = items.as_array_mut() {
            items.retain(is_other);
        }
    }
    for header in [CONTENT_LENGTH.as_str(), "x-amz-crc32"] {
        head.headers.remove(header);
    }
    Response::from_parts(head, answer.to_string().into())
}

/// Each item of a transaction has its reason, in the items' order.
fn cancelled(code: &str, body: &[u8]) -> Response<Bytes> {
    let items = parsed(body)["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({"Code": "None"}); items - 1];
    reasons.push(json!({"Code": code, "Message": "as the test wants it"}));
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    json_answer(StatusCode::BAD_REQUEST, &body)
}

fn dynamodb_error(code: &str) -> Response<Bytes> {
    let body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
        "message": "as the test wants it",
    });
    json_answer(StatusCode::BAD_REQUEST, &body)
}

fn json_answer(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let content_type = "application/x-amz-json-1.0".parse().expect("a media type");
    response.headers_mut().insert("content-type", content_type);
    response
}

fn s3_error(status: StatusCode, code: &str) -> Response<Bytes> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code>\
         <Message>as the test wants it</Message></Error>"
    );
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let content_type = "application/xml".parse().expect("a media type");
    response.headers_mut().insert("content-type", content_type);
    response
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).expect("DynamoDB speaks JSON")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
