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
    let prefix = input.prefix.clone().unwrap_or_default();
    let from = input.key_marker.clone().unwrap_or_default();
    let after = input.version_id_marker.clone();
    let most = input.max_keys.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS);
    let wanted = usize::try_from(most).unwrap_or(0);
    let mut versions = bucket
        .store
        .index(move |index| index.versions(&prefix, &from, after.as_deref(), wanted + 1))
        .await?;
    let truncated = versions.len() > wanted && wanted > 0;
    versions.truncate(wanted);
    let last = versions.last().filter(|_| truncated);
    let encoded = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let write = |key: String| {
        if encoded {
            utf8_percent_encode(&key, KEPT).to_string()
        } else {
            key
        }
    };
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
    for version in versions {
        let Version {
            object,
            is_marker,
            is_latest,
        } = version;
        if is_marker {
            output
                .delete_markers
                .get_or_insert_default()
                .push(DeleteMarkerEntry {
                    is_latest: Some(is_latest),
                    last_modified: Some(object.last_modified()),
                    key: Some(write(object.key)),
                    version_id: Some(object.blob),
                    ..DeleteMarkerEntry::default()
                });
        } else {
            output.versions.get_or_insert_default().push(ObjectVersion {
                e_tag: Some(object.etag()),
                is_latest: Some(is_latest),
                last_modified: Some(object.last_modified()),
                size: i64::try_from(object.size).ok(),
                key: Some(write(object.key)),
                version_id: Some(object.blob),
                ..ObjectVersion::default()
            });
        }
    }
    Ok(output)
}
