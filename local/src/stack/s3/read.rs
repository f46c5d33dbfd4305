//! `GetObject` and `HeadObject`.

use s3s::dto::{GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput};
use s3s::{S3Result, s3_error};

use super::bucket::Bucket;
use super::checksums::answered;
use super::conditions::Conditions;
use super::object::Headers;

/// The conditions of a read.
macro_rules! conditions {
    ($input:expr) => {
        Conditions {
            matches: $input.if_match.clone(),
            matches_not: $input.if_none_match.clone(),
            modified_since: $input.if_modified_since.clone(),
            unmodified_since: $input.if_unmodified_since.clone(),
        }
    };
}

/// An object, whole or in part.
pub(super) async fn get(bucket: &Bucket, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    bucket.is_meant_by(&input.bucket)?;
    let (object, content) = bucket
        .store
        .open_object(&input.key, input.version_id.as_deref())
        .await?;
    conditions!(input).check(&object)?;
    let wanted = match input.range {
        // RFC 9110, section 14.1.2: of nothing, not even the end can be had.
        Some(_) if object.size == 0 => return Err(s3_error!(InvalidRange)),
        Some(range) => range.check(object.size)?,
        None => 0..object.size,
    };
    let length = wanted.end - wanted.start;
    let whole = length == object.size;
    let content_range = input
        .range
        .map(|_| format!("bytes {}-{}/{}", wanted.start, wanted.end - 1, object.size));
    let body = content.range(wanted).await?;
    let Headers {
        content_type,
        metadata,
        ..
    } = object.attributes.headers.clone();
    let output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(body),
        cache_control: object.attributes.headers.cache_control.clone(),
        content_disposition: object.attributes.headers.content_disposition.clone(),
        content_encoding: object.attributes.headers.content_encoding.clone(),
        content_language: object.attributes.headers.content_language.clone(),
        content_length: i64::try_from(length).ok(),
        content_range,
        content_type: Some(content_type.unwrap_or_else(default_type)),
        e_tag: Some(object.etag()),
        last_modified: Some(object.last_modified()),
        metadata: Some(metadata.into_iter().collect()),
        version_id: Some(object.blob.clone()),
        ..GetObjectOutput::default()
    };
    // S3 keeps the checksum of the whole to itself where only a part is read.
    let known = if whole {
        object.attributes.checksums
    } else {
        <_>::default()
    };
    Ok(answered!(known, output))
}

/// Description of an object.
pub(super) async fn head(bucket: &Bucket, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    bucket.is_meant_by(&input.bucket)?;
    let object = bucket
        .store
        .object(&input.key, input.version_id.as_deref())
        .await?;
    conditions!(input).check(&object)?;
    let Headers {
        content_type,
        metadata,
        ..
    } = object.attributes.headers.clone();
    let output = HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: object.attributes.headers.cache_control.clone(),
        content_disposition: object.attributes.headers.content_disposition.clone(),
        content_encoding: object.attributes.headers.content_encoding.clone(),
        content_language: object.attributes.headers.content_language.clone(),
        content_length: i64::try_from(object.size).ok(),
        content_type: Some(content_type.unwrap_or_else(default_type)),
        e_tag: Some(object.etag()),
        last_modified: Some(object.last_modified()),
        metadata: Some(metadata.into_iter().collect()),
        version_id: Some(object.blob.clone()),
        ..HeadObjectOutput::default()
    };
    Ok(answered!(object.attributes.checksums, output))
}

/// Type that S3 gives to bytes whose type nobody named.
fn default_type() -> String {
    "binary/octet-stream".to_owned()
}
