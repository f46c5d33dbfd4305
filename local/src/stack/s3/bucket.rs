//! The operations of S3 that an embedded bucket answers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, DeletedObject, ETagCondition, GetObjectInput, GetObjectOutput, HeadBucketInput,
    HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output,
    PutObjectInput, PutObjectOutput, StreamingBlob, UploadPartCopyInput, UploadPartCopyOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::blob;
use super::checksums::{answered, sent};
use super::conditions::{Conditions, etag, matches, modified, precondition_failed};
use super::index::{Headers, Object};
use super::store::Store;
use super::{copy, internal, listing, multipart};

/// How much of an object is read at once.
const READ_BYTES: usize = 128 * 1024;
/// How many keys one `DeleteObjects` may name.
const MOST_DELETIONS: usize = 1000;

/// The one bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) name: &'static str,
    pub(super) store: Store,
}

impl Bucket {
    /// Refuses every other bucket's name.
    pub(super) fn is_meant_by(&self, name: &str) -> S3Result<()> {
        if name == self.name {
            Ok(())
        } else {
            Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
        }
    }
}

/// The headers that an input wants to see again.
macro_rules! headers {
    ($input:expr) => {
        $crate::stack::s3::index::Headers {
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

#[async_trait::async_trait]
impl S3 for Bucket {
    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.is_meant_by(&request.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        self.is_meant_by(&input.bucket)?;
        let (object, mut file) = self.store.open_object(&input.key).await?;
        conditions!(input).check(&object)?;
        let wanted = match input.range {
            Some(range) => range.check(object.size)?,
            None => 0..object.size,
        };
        file.seek(std::io::SeekFrom::Start(wanted.start))
            .await
            .map_err(internal)?;
        let length = wanted.end - wanted.start;
        let body = ReaderStream::with_capacity(file.take(length), READ_BYTES);
        let whole = length == object.size;
        let content_range = input
            .range
            .map(|_| format!("bytes {}-{}/{}", wanted.start, wanted.end - 1, object.size));
        let Headers {
            content_type,
            metadata,
            ..
        } = object.attributes.headers.clone();
        let output = GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            body: Some(StreamingBlob::wrap(body)),
            cache_control: object.attributes.headers.cache_control.clone(),
            content_disposition: object.attributes.headers.content_disposition.clone(),
            content_encoding: object.attributes.headers.content_encoding.clone(),
            content_language: object.attributes.headers.content_language.clone(),
            content_length: i64::try_from(length).ok(),
            content_range,
            content_type: Some(content_type.unwrap_or_else(default_type)),
            e_tag: Some(etag(&object)),
            last_modified: Some(modified(&object)),
            metadata: Some(metadata.into_iter().collect()),
            ..GetObjectOutput::default()
        };
        // S3 keeps the checksum of the whole to itself where only a part is read.
        let known = if whole {
            object.attributes.checksums
        } else {
            <_>::default()
        };
        Ok(S3Response::new(answered!(known, output)))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        self.is_meant_by(&input.bucket)?;
        let object = self.store.object(&input.key).await?;
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
            e_tag: Some(etag(&object)),
            last_modified: Some(modified(&object)),
            metadata: Some(metadata.into_iter().collect()),
            ..HeadObjectOutput::default()
        };
        Ok(S3Response::new(answered!(object.attributes.checksums, output)))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let mut input = request.input;
        self.is_meant_by(&input.bucket)?;
        let existing = match self.store.object(&input.key).await {
            Ok(object) => Some(object),
            Err(error) if *error.code() == s3s::S3ErrorCode::NoSuchKey => None,
            Err(error) => return Err(error),
        };
        may_replace(
            existing.as_ref(),
            input.if_match.as_ref(),
            input.if_none_match.as_ref(),
        )?;
        let body = input.body.take().ok_or_else(|| s3_error!(IncompleteBody))?;
        let mut expected = sent!(input);
        let hasher = expected.hasher(input.checksum_algorithm.as_ref())?;
        let written = blob::write(self.store.folder(), body, hasher).await?;
        if let Some(trailers) = request.trailing_headers.and_then(|trailers| trailers.take()) {
            expected = expected.with_trailers(&trailers);
        }
        expected.verify(&written.checksums)?;
        verify_md5(input.content_md5.as_deref(), &written.md5)?;
        let headers = headers!(input);
        let object = self.store.put(input.key, written, headers).await?;
        let output = PutObjectOutput {
            e_tag: Some(etag(&object)),
            ..PutObjectOutput::default()
        };
        Ok(S3Response::new(answered!(object.attributes.checksums, output)))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.is_meant_by(&request.input.bucket)?;
        self.store.remove(request.input.key, None).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        self.is_meant_by(&input.bucket)?;
        if input.delete.objects.len() > MOST_DELETIONS {
            return Err(s3_error!(MalformedXML));
        }
        let mut deleted = Vec::with_capacity(input.delete.objects.len());
        for object in input.delete.objects {
            self.store.remove(object.key.clone(), None).await?;
            deleted.push(DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            });
        }
        let quiet = input.delete.quiet.unwrap_or(false);
        let output = DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            ..DeleteObjectsOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        listing::list(self, request.input).await.map(S3Response::new)
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        copy::copy(self, request.input).await.map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        multipart::create(self, request.input).await.map(S3Response::new)
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        multipart::put(self, request.input, request.trailing_headers)
            .await
            .map(S3Response::new)
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        multipart::copy(self, request.input).await.map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        multipart::complete(self, request.input)
            .await
            .map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        multipart::abort(self, request.input).await.map(S3Response::new)
    }
}

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
use conditions;

fn default_type() -> String {
    "binary/octet-stream".to_owned()
}

/// The conditions of a write, of which S3 knows two.
fn may_replace(
    existing: Option<&Object>,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let held = |condition: &ETagCondition| existing.is_some_and(|object| matches(condition, object));
    if if_match.is_some_and(|condition| !held(condition)) || if_none_match.is_some_and(held) {
        return Err(precondition_failed());
    }
    Ok(())
}

pub(super) fn verify_md5(sent: Option<&str>, computed: &[u8; 16]) -> S3Result<()> {
    match sent {
        Some(sent) if sent != BASE64.encode(computed) => Err(s3_error!(
            BadDigest,
            "The Content-MD5 you specified did not match what we received."
        )),
        _ => Ok(()),
    }
}
