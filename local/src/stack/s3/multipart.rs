//! Uploads in parts: how they begin and how they end.

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, ETag,
};
use s3s::{S3Result, s3_error};
use uuid::Uuid;

use super::blob::{self, Blob, Draft};
use super::bucket::Bucket;
use super::checksums::{Checksums, answered};
use super::index::{Part, Upload};
use super::object::{Attributes, Object};
use super::store::now;
use super::write::headers;

/// The least that every part but the last must hold, in bytes.
const LEAST_BYTES: u64 = 5 * 1024 * 1024;

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
        .change(move |index| index.start_upload(&id, &input.key, now(), &upload))
        .await?;
    Ok(output)
}

/// Makes one object of the parts that the client names.
pub(super) async fn complete(
    bucket: &Bucket,
    input: CompleteMultipartUploadInput,
) -> S3Result<CompleteMultipartUploadOutput> {
    let upload = find(bucket, &input.bucket, &input.upload_id, &input.key).await?;
    let id = input.upload_id.clone();
    let stored = bucket.store.read(move |index| index.parts(&id)).await?;
    let named = input
        .multipart_upload
        .and_then(|named| named.parts)
        .unwrap_or_default();
    let parts = named_parts(stored, &named)?;
    let whole = join(bucket, &parts).await?;
    let checksums = match upload.algorithm.map(ChecksumAlgorithm::from) {
        None => Checksums::default(),
        Some(algorithm) if upload.whole => {
            let hasher = Checksums::default().hasher(Some(&algorithm))?;
            whole.checksums(hasher).await?
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
    let object = Object {
        key: input.key.clone(),
        blob: whole.name().to_owned(),
        size: parts.iter().map(|part| part.size).sum(),
        modified: now(),
        attributes: attributes.clone(),
    };
    let id = input.upload_id;
    let unnamed = bucket
        .store
        .change(move |index| {
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
        .change(move |index| index.end_upload(&id, None))
        .await?;
    bucket.store.forget(unnamed);
    Ok(AbortMultipartUploadOutput::default())
}

pub(super) async fn find(bucket: &Bucket, name: &str, id: &str, key: &str) -> S3Result<Upload> {
    bucket.is_meant_by(name)?;
    let (id, key) = (id.to_owned(), key.to_owned());
    bucket
        .store
        .read(move |index| index.upload(&id, &key))
        .await?
        .ok_or_else(|| s3_error!(NoSuchUpload))
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
    let whole = Draft::new(bucket.store.files());
    let paths: Vec<_> = parts
        .iter()
        .map(|part| bucket.store.files().path(&part.blob))
        .collect();
    let joining = move || -> std::io::Result<Draft> {
        let mut file = std::fs::File::create_new(whole.path())?;
        for path in paths {
            std::io::copy(&mut std::fs::File::open(path)?, &mut file)?;
        }
        Ok(whole)
    };
    blob::blocking(joining).await?.finish().await
}

/// S3's own: the MD5 of the parts' ETags, which are hexadecimal digits, and how many they are.
fn etag_of_parts(parts: &[Part]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(&hex::decode(&part.attributes.etag).unwrap_or_default());
    }
    format!("{}-{}", hex::encode(md5.finalize()), parts.len())
}
