//! Presigned POST forms: fields in any order, then the file, streamed into the bucket.
//!
//! Amazon S3 API Reference, "POST Object". `s3s` takes forms too, but holds the whole file in
//! memory and leaves `${filename}` as it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use futures_util::{Stream, StreamExt, stream};
use http::header::{CONTENT_TYPE, ETAG, HeaderValue, LOCATION, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Bytes;
use multer::{Field, Multipart};
use s3s::{Body, S3Error, S3ErrorCode, S3Result, StdError, s3_error};

use super::blob::Reread;
use super::bucket::Bucket;
use super::conditions::WriteCondition;
use super::intake::Sums;
use super::object::{Headers, Object};
use super::policy::{Fields, Policy};
use super::{Key, intake};
use crate::incoming::{self, Interrupted};

/// The bound of all fields together, in bytes: S3's own.
const FIELDS_BYTES: usize = 20 * 1024;
/// How much may come before the file begins: fields, and the headers of the form's parts.
const BEFORE_FILE_BYTES: u64 = 1 << 20;
/// Placeholder in a key for the file's name.
const FILENAME: &str = "${filename}";

/// Whether a request posts a form. Only addresses of a bucket take one.
pub(super) fn is_meant_by(request: &Request<Body>) -> bool {
    let form = |kind: &HeaderValue| {
        kind.as_bytes()
            .to_ascii_lowercase()
            .starts_with(b"multipart/form-data")
    };
    request.method() == Method::POST && request.headers().get(CONTENT_TYPE).is_some_and(form)
}

/// Answers a posted form.
pub(super) async fn answer(bucket: &Bucket, key: &Key, request: Request<Body>) -> S3Result<Response<Body>> {
    let (head, mut body) = request.into_parts();
    let named = head.uri.path().trim_matches('/');
    let outcome = match bucket.is_meant_by(named) {
        Ok(()) => read(bucket, key, &head.headers, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    // Nothing after the file or after a refusal is of interest.
    incoming::discard(body);
    let (fields, object) = outcome?;
    stored(bucket, &fields, &object)
}

/// Reads a form to the end of its file, and stores that.
async fn read(
    bucket: &Bucket,
    key: &Key,
    headers: &HeaderMap,
    body: &mut Body,
) -> S3Result<(Fields, Object)> {
    if headers.contains_key(TRANSFER_ENCODING) {
        return Err(s3_error!(
            NotImplemented,
            "A header you provided implies functionality that is not implemented: Transfer-Encoding"
        ));
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(malformed)?;
    let budget = Arc::new(AtomicU64::new(BEFORE_FILE_BYTES));
    let mut form = Multipart::new(bytes(body, Arc::clone(&budget)), boundary);
    let mut fields = Fields::new();
    while let Some(part) = form.next_field().await.map_err(malformed)? {
        let name = part.name().unwrap_or_default().to_ascii_lowercase();
        if name == "file" {
            budget.store(u64::MAX, Ordering::Relaxed);
            let object = store(bucket, key, &mut fields, part).await?;
            return Ok((fields, object));
        }
        add(&mut fields, name, part).await?;
    }
    Err(s3_error!(
        InvalidArgument,
        "POST requires exactly one file upload per request."
    ))
}

/// The body as it comes, up to a budget that grows once the file begins.
fn bytes(body: &mut Body, budget: Arc<AtomicU64>) -> impl Stream<Item = Result<Bytes, StdError>> + Send + '_ {
    stream::try_unfold((body, 0), move |(body, sum)| {
        let budget = Arc::clone(&budget);
        async move {
            let Some(bytes) = incoming::next(body).await? else {
                return Ok(None);
            };
            let sum = sum + bytes.len() as u64;
            if sum > budget.load(Ordering::Relaxed) {
                return Err(too_much_before_file().into());
            }
            Ok(Some((bytes, (body, sum))))
        }
    })
}

async fn add(fields: &mut Fields, name: String, mut part: Field<'_>) -> S3Result<()> {
    let sum: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
    let mut value = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(malformed)? {
        value.extend_from_slice(&bytes);
        if sum + name.len() + value.len() > FIELDS_BYTES {
            return Err(too_much_before_file());
        }
    }
    let value =
        String::from_utf8(value).map_err(|_| s3_error!(InvalidArgument, "A form field is not UTF-8."))?;
    match fields.insert(name, value) {
        None => Ok(()),
        Some(_) => Err(s3_error!(
            InvalidArgument,
            "A form field was given more than once."
        )),
    }
}

/// Checks the fields, and stores the file as they say.
async fn store(bucket: &Bucket, key: &Key, fields: &mut Fields, mut file: Field<'_>) -> S3Result<Object> {
    let target = fields.get("key").ok_or_else(|| {
        s3_error!(
            InvalidArgument,
            "Bucket POST must contain a field named 'key', before the file."
        )
    })?;
    let target = target.replace(FILENAME, last_segment(file.file_name().unwrap_or_default()));
    if target.is_empty() || target.len() > 1024 {
        return Err(s3_error!(KeyTooLongError, "The key must have 1 to 1024 bytes."));
    }
    fields.insert("key".to_owned(), target.clone());
    let policy = Policy::signed_by(key, fields, SystemTime::now())?;
    policy.check(fields, bucket.name)?;
    if fields.contains_key("acl") {
        return Err(s3_error!(
            AccessControlListNotSupported,
            "The bucket does not allow ACLs"
        ));
    }
    let (least, most) = policy.size();
    let mut size = 0;
    let body = stream::poll_fn(move |context| file.poll_next_unpin(context)).map(move |bytes| {
        let bytes = bytes.map_err(malformed)?;
        size += bytes.len() as u64;
        if size > most {
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed size"
            )
            .into());
        }
        Ok(bytes)
    });
    let expected = checksums(fields);
    let sums = Sums::new(expected.hasher(None)?, false);
    let written = intake::take(bucket.store.files(), body, sums, Reread::Soon).await?;
    if written.size < least {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed size"
        ));
    }
    expected.verify(&written.checksums)?;
    bucket
        .store
        .put(target, written, headers(fields), WriteCondition::default())
        .await
}

/// The file's own name, where a browser sends its whole path.
fn last_segment(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or_default()
}

fn checksums(fields: &Fields) -> super::checksums::Checksums {
    let sent = |algorithm: &str| fields.get(&format!("x-amz-checksum-{algorithm}")).cloned();
    super::checksums::Checksums {
        crc32: sent("crc32"),
        crc32c: sent("crc32c"),
        crc64nvme: sent("crc64nvme"),
        sha1: sent("sha1"),
        sha256: sent("sha256"),
    }
}

/// The fields that are headers of the object.
fn headers(fields: &Fields) -> Headers {
    let field = |name: &str| fields.get(name).cloned();
    let metadata = fields.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("x-amz-meta-")?;
        Some((name.to_owned(), value.clone()))
    });
    Headers {
        cache_control: field("cache-control"),
        content_disposition: field("content-disposition"),
        content_encoding: field("content-encoding"),
        content_language: None,
        content_type: field("content-type"),
        metadata: metadata.collect(),
    }
}

/// The answer that the form asks for: 200, 201 with a document, or 204.
fn stored(bucket: &Bucket, fields: &Fields, object: &Object) -> S3Result<Response<Body>> {
    let etag = format!("\"{}\"", object.attributes.etag);
    let path = percent_encoding::utf8_percent_encode(&object.key, super::listing::KEPT);
    let location = format!("/{}/{path}", bucket.name);
    let status = fields.get("success_action_status").map_or("204", String::as_str);
    let (status, body) = match status {
        "200" => (StatusCode::OK, Body::empty()),
        "201" => (
            StatusCode::CREATED,
            Body::from(document(bucket.name, &object.key, &location, &etag)),
        ),
        _ => (StatusCode::NO_CONTENT, Body::empty()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let header = |text: &str| HeaderValue::from_str(text).map_err(super::internal);
    response.headers_mut().insert(ETAG, header(&etag)?);
    response.headers_mut().insert(LOCATION, header(&location)?);
    if status == StatusCode::CREATED {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    }
    Ok(response)
}

fn document(bucket: &str, key: &str, location: &str, etag: &str) -> String {
    let text = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse><Location>{}</Location><Bucket>{bucket}</Bucket>\
         <Key>{}</Key><ETag>{}</ETag></PostResponse>",
        text(location),
        text(key),
        text(etag)
    )
}

fn too_much_before_file() -> S3Error {
    s3_error!(
        MaxPostPreDataLengthExceededError,
        "Your POST request fields preceding the upload file were too large."
    )
}

/// Refusal of a form: our own, a body that broke off, or a body that is not a form.
fn malformed(error: multer::Error) -> S3Error {
    match error {
        multer::Error::StreamReadFailed(error) => match error.downcast::<S3Error>() {
            Ok(error) => *error,
            Err(error) if error.is::<Interrupted>() => {
                S3Error::with_source(S3ErrorCode::IncompleteBody, error)
            }
            Err(error) => S3Error::with_source(S3ErrorCode::MalformedPOSTRequest, error),
        },
        error @ (multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream) => {
            S3Error::with_message(S3ErrorCode::IncompleteBody, error.to_string())
        }
        error => S3Error::with_message(S3ErrorCode::MalformedPOSTRequest, error.to_string()),
    }
}
