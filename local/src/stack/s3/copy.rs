//! `CopyObject`: the copy has the very bytes that its conditions were checked on.

use s3s::dto::{
    ChecksumType, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, MetadataDirective,
};
use s3s::{S3Result, s3_error};

use super::blob::{self, Blob, Draft};
use super::bucket::Bucket;
use super::checksums::{Checksums, answered};
use super::conditions::{Conditions, WriteCondition};
use super::content::Content;
use super::internal;
use super::object::Object;
use super::write::headers;

/// How often a source is looked up that keeps being replaced.
const LOOKS: usize = 10;

/// The conditions on the source of a copy.
macro_rules! source_conditions {
    ($input:expr) => {
        $crate::stack::s3::conditions::Conditions {
            matches: $input.copy_source_if_match.clone(),
            matches_not: $input.copy_source_if_none_match.clone(),
            modified_since: $input.copy_source_if_modified_since.clone(),
            unmodified_since: $input.copy_source_if_unmodified_since.clone(),
        }
    };
}
pub(super) use source_conditions;

/// Copies an object: with another name for the same file, which never changes, or with the bytes that the index holds.
pub(super) async fn copy(bucket: &Bucket, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
    bucket.is_meant_by(&input.bucket)?;
    let (source, copied) = link(bucket, &input).await?;
    let mut attributes = source.attributes;
    // A copy is not made of parts, so that a checksum of parts is none of it.
    let named = input.checksum_algorithm.clone();
    let algorithm = named.or_else(|| attributes.checksums.composite_algorithm());
    if let Some(algorithm) = algorithm.filter(|name| !attributes.checksums.has(name)) {
        let hasher = Checksums::default().hasher(Some(&algorithm))?;
        attributes.checksums = copied.checksums(hasher).await?;
    }
    if input
        .metadata_directive
        .as_ref()
        .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE)
    {
        attributes.headers = headers!(input);
    }
    let object = bucket
        .store
        .put_blob(
            input.key,
            copied,
            source.size,
            attributes,
            WriteCondition::default(),
        )
        .await?;
    let result = CopyObjectResult {
        checksum_type: Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
        e_tag: Some(object.etag()),
        last_modified: Some(object.last_modified()),
        ..CopyObjectResult::default()
    };
    let result = answered!(object.attributes.checksums, result);
    Ok(CopyObjectOutput {
        copy_object_result: Some(result),
        version_id: Some(object.blob),
        ..CopyObjectOutput::default()
    })
}

/// The source, and its bytes under a new name.
async fn link(bucket: &Bucket, input: &CopyObjectInput) -> S3Result<(Object, Blob)> {
    for _ in 0..LOOKS {
        let (source, content) = open_source(bucket, &input.copy_source, source_conditions!(input)).await?;
        if source.size > blob::MOST_BYTES {
            return Err(s3_error!(
                InvalidRequest,
                "The copy source is larger than what one request may copy."
            ));
        }
        if let Content::InIndex(bytes) = content {
            return Ok((source, Blob::in_index(bytes)));
        }
        let copied = Draft::new(bucket.store.files());
        match tokio::fs::hard_link(bucket.store.files().path(&source.blob), copied.path()).await {
            Ok(()) => return Ok((source, copied.finish().await?)),
            // Replaced or removed since it was looked up: the conditions are for what is there now.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(internal(error)),
        }
    }
    Err(s3_error!(SlowDown, "The copy source changes too fast."))
}

/// The source of a copy, opened, with its conditions fulfilled.
pub(super) async fn open_source(
    bucket: &Bucket,
    source: &CopySource,
    conditions: Conditions,
) -> S3Result<(Object, Content)> {
    let CopySource::Bucket {
        bucket: name,
        key,
        version_id,
    } = source
    else {
        return Err(s3_error!(
            NotImplemented,
            "A copy's source is a bucket and a key here."
        ));
    };
    bucket.is_meant_by(name)?;
    let (object, content) = bucket.store.open_object(key, version_id.as_deref()).await?;
    conditions.check_source(&object)?;
    Ok((object, content))
}
