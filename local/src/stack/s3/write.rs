//! `PutObject`: what is refused leaves everything as it was.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use s3s::dto::{PutObjectInput, PutObjectOutput};
use s3s::{S3Result, TrailingHeaders, s3_error};

use super::blob::Reread;
use super::bucket::Bucket;
use super::checksums::{answered, sent};
use super::conditions::WriteCondition;
use super::intake::{self, Sums};

/// The headers that an input wants to see again.
macro_rules! headers {
    ($input:expr) => {
        $crate::stack::s3::object::Headers {
            cache_control: $input.cache_control.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_language: $input.content_language.clone(),
            content_type: $input.content_type.as_ref().map(ToString::to_string),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
        }
    };
}
pub(super) use headers;

/// Stores an object.
pub(super) async fn put(
    bucket: &Bucket,
    mut input: PutObjectInput,
    trailers: Option<TrailingHeaders>,
) -> S3Result<PutObjectOutput> {
    bucket.is_meant_by(&input.bucket)?;
    let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
    let mut expected = sent!(input);
    let hasher = expected.hasher(input.checksum_algorithm.as_ref())?;
    let sums = Sums::new(hasher, input.content_md5.is_some());
    let written = intake::take(bucket.store.files(), body, sums, Reread::Later).await?;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        expected = expected.with_trailers(&trailers);
    }
    expected.verify(&written.checksums)?;
    verify_md5(input.content_md5.as_deref(), written.md5.as_ref())?;
    let condition = WriteCondition {
        matches: input.if_match.clone(),
        matches_not: input.if_none_match.clone(),
    };
    let headers = headers!(input);
    let object = bucket.store.put(input.key, written, headers, condition).await?;
    let output = PutObjectOutput {
        e_tag: Some(object.etag()),
        version_id: Some(object.blob.clone()),
        ..PutObjectOutput::default()
    };
    Ok(answered!(object.attributes.checksums, output))
}

/// Refuses a body that is not what its `Content-MD5` says.
pub(super) fn verify_md5(sent: Option<&str>, computed: Option<&[u8; 16]>) -> S3Result<()> {
    match sent {
        Some(sent) if computed.is_none_or(|computed| sent != BASE64.encode(computed)) => Err(s3_error!(
            BadDigest,
            "The Content-MD5 you specified did not match what we received."
        )),
        _ => Ok(()),
    }
}
