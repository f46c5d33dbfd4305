//! Uploads in parts, of bytes or of ranges of other objects.

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CopyPartResult,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, StreamingBlob, UploadPartCopyInput,
    UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Result, TrailingHeaders, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use super::blob::{self, Blob, Written, hex};
use super::bucket::{Bucket, headers, verify_md5};
use super::checksums::{Checksums, answered, sent};
use super::copy::{checksums, open_source, source_conditions};
use super::index::{Attributes, Part, Upload};
use super::internal;
use super::store::now;

/// The least that every part but the last must hold, in bytes.
const LEAST_BYTES: u64 = 5 * 1024 * 1024;
const MOST_PARTS: i32 = 10_000;
const READ_BYTES: usize = 256 * 1024;

/// Begins an upload.
pub(super) async fn create(
    bucket: &Bucket,
    input: CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    bucket.is_meant_by(&input.bucket)?;
    let id = Uuid::new_v4().to_string();
    let whole = input
        .checksum_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == ChecksumType::FULL_OBJECT);
    let algorithm = input
        .checksum_algorithm
        .as_ref()
        .map(|algorithm| algorithm.as_str().to_owned());
    let upload = Upload {
        headers: headers!(input),
        algorithm,
        whole,
    };
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        key: Some(input.key.clone()),
        upload_id: Some(id.clone()),
        ..CreateMultipartUploadOutput::default()
    };
    bucket
        .store
        .index(move |index| index.start_upload(&id, &input.key, now(), &upload))
        .await?;
    Ok(output)
}

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
    let written = blob::write(bucket.store.folder(), body, hasher).await?;
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        expected = expected.with_trailers(&trailers);
    }
    expected.verify(&written.checksums)?;
    verify_md5(input.content_md5.as_deref(), &written.md5)?;
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
    let (source, mut file) = open_source(bucket, &input.copy_source, source_conditions!(input)).await?;
    let wanted = match &input.copy_source_range {
        Some(range) => whole_range(range, source.size)?,
        None => 0..source.size,
    };
    file.seek(std::io::SeekFrom::Start(wanted.start))
        .await
        .map_err(internal)?;
    let bytes = ReaderStream::with_capacity(file.take(wanted.end - wanted.start), READ_BYTES);
    let algorithm = upload.algorithm.map(ChecksumAlgorithm::from);
    let hasher = Checksums::default().hasher(algorithm.as_ref())?;
    let written = blob::write(bucket.store.folder(), StreamingBlob::wrap(bytes), hasher).await?;
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

/// Makes one object of the parts that the client names.
pub(super) async fn complete(
    bucket: &Bucket,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let upload = find(bucket, &input.bucket, &input.upload_id, &input.key).await?;
    let id = input.upload_id.clone();
    let stored = bucket.store.index(move |index| index.parts(&id)).await?;
    let named = input
        .multipart_upload
        .and_then(|named| named.parts)
        .unwrap_or_default();
    let parts = named_parts(stored, &named)?;
    let whole = join(bucket, &parts).await?;
    let checksums = match upload.algorithm.map(ChecksumAlgorithm::from) {
        None => Checksums::default(),
        Some(algorithm) if upload.whole => {
            checksums(whole.path(), Checksums::default().hasher(Some(&algorithm))?).await?
        }
        Some(algorithm) => {
            Checksums::composite(&algorithm, parts.iter().map(|part| &part.attributes.checksums))?
        }
    };
    let attributes = Attributes {
        etag: etag_of_parts(&parts),
        checksums,
        headers: upload.headers,
    };
    let object = super::index::Object {
        key: input.key.clone(),
        blob: whole.name().to_owned(),
        size: parts.iter().map(|part| part.size).sum(),
        modified: now(),
        attributes: attributes.clone(),
    };
    let id = input.upload_id;
    let unnamed = bucket
        .store
        .index(move |index| {
            let unnamed = index.end_upload(&id, Some(&object))?;
            whole.keep();
            Ok(unnamed)
        })
        .await?;
    bucket.store.forget(unnamed);
    let output = CompleteMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag: Some(ETag::Strong(attributes.etag)),
        ..CompleteMultipartUploadOutput::default()
    };
    Ok(answered!(attributes.checksums, output))
}

/// Gives an upload up.
pub(super) async fn abort(
    bucket: &Bucket,
    input: AbortMultipartUploadInput,
) -> S3Result<AbortMultipartUploadOutput> {
    find(bucket, &input.bucket, &input.upload_id, &input.key).await?;
    let id = input.upload_id;
    let unnamed = bucket
        .store
        .index(move |index| index.end_upload(&id, None))
        .await?;
    bucket.store.forget(unnamed);
    Ok(AbortMultipartUploadOutput::default())
}

async fn find(bucket: &Bucket, name: &str, id: &str, key: &str) -> S3Result<Upload> {
    bucket.is_meant_by(name)?;
    let (id, key) = (id.to_owned(), key.to_owned());
    bucket
        .store
        .index(move |index| index.upload(&id, &key))
        .await?
        .ok_or_else(|| s3_error!(NoSuchUpload))
}

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
        .index(move |index| {
            let replaced = index.put_part(&upload, &part)?;
            written.blob.keep();
            Ok(replaced)
        })
        .await?;
    bucket.store.forget(replaced);
    Ok(attributes)
}

/// The stored parts in the client's order, which must be theirs.
fn named_parts(stored: Vec<Part>, named: &[CompletedPart]) -> S3Result<Vec<Part>> {
    let numbers: Vec<_> = named.iter().map(|part| part.part_number.unwrap_or(0)).collect();
    if numbers.is_empty() {
        return Err(s3_error!(MalformedXML));
    }
    if !numbers.is_sorted_by(|a, b| a < b) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let mut stored = stored.into_iter().peekable();
    let mut parts = Vec::with_capacity(named.len());
    for named in named {
        let found = stored.find(|part| Some(part.number) == named.part_number);
        let same = |part: &Part| {
            named
                .e_tag
                .as_ref()
                .is_none_or(|etag| etag.value() == part.attributes.etag)
        };
        parts.push(found.filter(same).ok_or_else(|| s3_error!(InvalidPart))?);
    }
    let all_but_last = parts.split_last().map(|(_, rest)| rest).unwrap_or_default();
    if all_but_last.iter().any(|part| part.size < LEAST_BYTES) {
        return Err(s3_error!(EntityTooSmall));
    }
    Ok(parts)
}

/// A new file with all of the parts, one after the other.
async fn join(bucket: &Bucket, parts: &[Part]) -> S3Result<Blob> {
    let whole = Blob::new(bucket.store.folder());
    let paths: Vec<_> = parts.iter().map(|part| bucket.store.path(&part.blob)).collect();
    let joining = move || -> std::io::Result<Blob> {
        let mut file = std::fs::File::create_new(whole.path())?;
        for path in paths {
            std::io::copy(&mut std::fs::File::open(path)?, &mut file)?;
        }
        Ok(whole)
    };
    tokio::task::spawn_blocking(joining)
        .await
        .map_err(internal)?
        .map_err(internal)
}

/// S3's own: the MD5 of the parts' MD5s, and how many they are.
fn etag_of_parts(parts: &[Part]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        let digits = part.attributes.etag.as_bytes().chunks(2);
        let byte = |pair: &[u8]| {
            std::str::from_utf8(pair)
                .ok()
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        md5.update(&digits.filter_map(byte).collect::<Vec<_>>());
    }
    format!("{}-{}", hex(&md5.finalize()), parts.len())
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
    fn a_range_of_a_copy_names_both_its_ends() {
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
