//! `ListObjectVersions`: every version under a prefix, the newest of each key first.

use percent_encoding::utf8_percent_encode;
use s3s::dto::{
    DeleteMarkerEntry, EncodingType, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
};
use s3s::{S3Result, s3_error};

use super::bucket::Bucket;
use super::listing::{KEPT, MOST_KEYS};
use super::versions::Version;

/// A page of versions.
pub(super) async fn list(
    bucket: &Bucket,
    input: ListObjectVersionsInput,
) -> S3Result<ListObjectVersionsOutput> {
    bucket.is_meant_by(&input.bucket)?;
    if input.delimiter.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "Versions are listed without a delimiter here."
        ));
    }
    let most = input.max_keys.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS);
    let (versions, truncated) = page(bucket, &input, most).await?;
    let last = versions.last().filter(|_| truncated);
    let encoding = input.encoding_type.clone();
    let write = |key: String| written(key, encoding.as_ref());
    let mut output = ListObjectVersionsOutput {
        is_truncated: Some(truncated),
        max_keys: Some(most),
        name: Some(input.bucket),
        next_key_marker: last.map(|version| write(version.object.key.clone())),
        next_version_id_marker: last.map(|version| version.object.blob.clone()),
        encoding_type: input.encoding_type,
        key_marker: input.key_marker,
        version_id_marker: input.version_id_marker,
        prefix: input.prefix,
        ..ListObjectVersionsOutput::default()
    };
    let (markers, versions): (Vec<_>, Vec<_>) = versions.into_iter().partition(|version| version.is_marker);
    let markers = markers.into_iter().map(|version| marker(version, write));
    let versions = versions.into_iter().map(|version| entry(version, write));
    output.delete_markers = Some(markers.collect()).filter(|markers: &Vec<_>| !markers.is_empty());
    output.versions = Some(versions.collect()).filter(|versions: &Vec<_>| !versions.is_empty());
    Ok(output)
}

/// At most `most` versions from the markers on, and whether there are more.
async fn page(bucket: &Bucket, input: &ListObjectVersionsInput, most: i32) -> S3Result<(Vec<Version>, bool)> {
    let prefix = input.prefix.clone().unwrap_or_default();
    let from = input.key_marker.clone().unwrap_or_default();
    let after = input.version_id_marker.clone();
    let wanted = usize::try_from(most).unwrap_or(0);
    let mut versions = bucket
        .store
        .read(move |index| index.versions(&prefix, &from, after.as_deref(), wanted + 1))
        .await?;
    let truncated = versions.len() > wanted && wanted > 0;
    versions.truncate(wanted);
    Ok((versions, truncated))
}

/// A key as the client wants it: escaped, or as it is.
fn written(key: String, encoding: Option<&EncodingType>) -> String {
    if encoding.is_some_and(|kind| kind.as_str() == EncodingType::URL) {
        utf8_percent_encode(&key, KEPT).to_string()
    } else {
        key
    }
}

fn marker(version: Version, write: impl Fn(String) -> String) -> DeleteMarkerEntry {
    let object = version.object;
    DeleteMarkerEntry {
        is_latest: Some(version.is_latest),
        last_modified: Some(object.last_modified()),
        key: Some(write(object.key)),
        version_id: Some(object.blob),
        ..DeleteMarkerEntry::default()
    }
}

fn entry(version: Version, write: impl Fn(String) -> String) -> ObjectVersion {
    let object = version.object;
    ObjectVersion {
        e_tag: Some(object.etag()),
        is_latest: Some(version.is_latest),
        last_modified: Some(object.last_modified()),
        size: i64::try_from(object.size).ok(),
        key: Some(write(object.key)),
        version_id: Some(object.blob),
        ..ObjectVersion::default()
    }
}
