//! One part of an upload: bytes that are sent, or a range of another object.

use s3s::dto::{
    ChecksumAlgorithm, CopyPartResult, ETag, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput,
    UploadPartOutput,
};
use s3s::{S3Result, TrailingHeaders, s3_error};

use super::bucket::Bucket;
use super::checksums::{Checksums, answered, sent};
use super::copy::{open_source, source_conditions};
use super::index::Part;
use super::intake::{self, Sums, Written};
use super::multipart::find;
use super::object::Attributes;
use super::write::verify_md5;

const MOST_PARTS: i32 = 10_000;

/// Stores a part that is sent.
pub(super) async fn put(
    bucket: &Bucket,
    mut input: UploadPartInput,
    trailers: Option<TrailingHeaders>,
) -> S3Result<UploadPartOutput> {
    let upload = find(bucket, &input.bucket, &input.upload_id, &input.key).await?;
    let algorithm = input
        .checksum_algorithm
        .take()
        .or_else(|| upload.algorithm.map(ChecksumAlgorithm::from));
    let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
    let mut expected = sent!(input);
    let hasher = expected.hasher(algorithm.as_ref())?;
    let sums = Sums::new(hasher, input.content_md5.is_some());
    let written = intake::write(bucket.store.files(), body, sums).await?;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        expected = expected.with_trailers(&trailers);
    }
    expected.verify(&written.checksums)?;
    verify_md5(input.content_md5.as_deref(), written.md5.as_ref())?;
    let attributes = keep(bucket, input.upload_id, input.part_number, written).await?;
    let output = UploadPartOutput {
        e_tag: Some(ETag::Strong(attributes.etag)),
        ..UploadPartOutput::default()
    };
    Ok(answered!(attributes.checksums, output))
}

/// Stores a part that another object holds.
pub(super) async fn copy(bucket: &Bucket, input: UploadPartCopyInput) -> S3Result<UploadPartCopyOutput> {
    let upload = find(bucket, &input.bucket, &input.upload_id, &input.key).await?;
    let (source, content) = open_source(bucket, &input.copy_source, source_conditions!(input)).await?;
    let wanted = match &input.copy_source_range {
        Some(range) => whole_range(range, source.size)?,
        None => 0..source.size,
    };
    let bytes = content.range(wanted).await?;
    let algorithm = upload.algorithm.map(ChecksumAlgorithm::from);
    let hasher = Checksums::default().hasher(algorithm.as_ref())?;
    let written = intake::write(bucket.store.files(), bytes, Sums::new(hasher, false)).await?;
    let attributes = keep(bucket, input.upload_id, input.part_number, written).await?;
    let result = CopyPartResult {
        e_tag: Some(ETag::Strong(attributes.etag)),
        last_modified: Some(std::time::SystemTime::now().into()),
        ..CopyPartResult::default()
    };
    let result = answered!(attributes.checksums, result);
    Ok(UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..UploadPartCopyOutput::default()
    })
}

/// Makes what was written a part of its upload.
async fn keep(bucket: &Bucket, upload: String, number: i32, written: Written) -> S3Result<Attributes> {
    if !(1..=MOST_PARTS).contains(&number) {
        return Err(s3_error!(
            InvalidArgument,
            "Part number must be an integer between 1 and 10000, inclusive"
        ));
    }
    let attributes = Attributes {
        etag: written.etag(),
        checksums: written.checksums.clone(),
        headers: <_>::default(),
    };
    let part = Part {
        number,
        blob: written.blob.name().to_owned(),
        size: written.size,
        attributes: attributes.clone(),
    };
    let replaced = bucket
        .store
        .change(move |index| {
            let replaced = index.put_part(&upload, &part)?;
            written.blob.keep();
            Ok(replaced)
        })
        .await?;
    bucket.store.forget(replaced);
    Ok(attributes)
}

/// `bytes=0-9`, both ends named and both within the source.
fn whole_range(range: &str, size: u64) -> S3Result<std::ops::Range<u64>> {
    let ends = range
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    let ends = ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    match ends {
        Some((first, last)) if first <= last && last < size => Ok(first..last + 1),
        Some(_) => Err(s3_error!(InvalidRange)),
        None => Err(s3_error!(
            InvalidArgument,
            "The x-amz-copy-source-range value must be of the form bytes=first-last"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_ranges_name_both_ends() {
        assert_eq!(whole_range("bytes=0-9", 10).unwrap(), 0..10);
        for (range, code) in [
            ("bytes=0-10", "InvalidRange"),
            ("bytes=5-4", "InvalidRange"),
            ("bytes=5-", "InvalidArgument"),
            ("bytes=-5", "InvalidArgument"),
            ("0-9", "InvalidArgument"),
            ("bytes=0-99999999999999999999", "InvalidArgument"),
        ] {
            assert_eq!(
                whole_range(range, 10).unwrap_err().code().as_str(),
                code,
                "{range}"
            );
        }
    }
}
