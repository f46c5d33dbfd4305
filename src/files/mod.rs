//! The package files, in one S3 bucket.
//!
//! A package's file lies under the same path as its record in the table, so that from either one
//! the other is found by one exact read. No file name is part of any key.

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use bytes::Bytes;

use crate::address::RegistryAddress;
use crate::aws::{self, Cause, Failure};
use crate::digest::Digest;
use crate::error::{Result, chain};
use crate::id::PackageId;
use uuid::Uuid;

mod addresses;
mod copies;
mod deletion;
mod kept;
mod key_kinds;
mod listing;
mod parts;
mod post_form;
mod ranges;
mod versions;
pub(crate) use addresses::attachment;
pub(crate) use kept::INDEXES;
pub(crate) use parts::PART_BYTES;
pub(crate) use post_form::{MAX_UPLOAD_BYTES, PostForm};
pub(crate) use ranges::{Content, RangedSource, changed_meanwhile};
pub(crate) use versions::Expected;

/// The type of everything that is stored: no browser runs it.
pub(crate) const CONTENT_TYPE: &str = "application/octet-stream";

/// Prefix of every key of an upload.
pub(crate) const UPLOADS: &str = "uploads";

/// Prefix of every key of the entries of a name, which are kept to spare reads, and can be made again.
pub(crate) const ENTRIES: &str = "entries";

/// The bucket.
#[derive(Debug, Clone)]
pub struct Files {
    client: Client,
    bucket: String,
    /// Who signs the forms that clients post to the bucket.
    credentials: Option<SharedCredentialsProvider>,
    /// The distribution in front of the bucket, by its address without a slash at the end.
    distribution: Option<String>,
    /// Objects of indexes in memory.
    kept: kept::Kept,
}

/// Kind of object that is kept of a package in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The file as it was published.
    Package,
    /// Its metadata, where that is too large for the record.
    Metadata,
    /// Its attestations, where it was published with some.
    Attestations,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Package, Self::Metadata, Self::Attestations];

    /// The first segment of every key of this kind.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Package => "packages",
            Self::Metadata => "metadata",
            Self::Attestations => "attestations",
        }
    }
}

/// One object's place in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey(String);

impl ObjectKey {
    /// The place of one upload: a prefix of its own, so that no two can meet.
    pub(crate) fn upload(address: &RegistryAddress, upload: Uuid, filename: &str) -> Self {
        Self(format!("{UPLOADS}/{address}/{upload}/{filename}"))
    }

    /// The place of an object of the indexes of the registry at `address`.
    pub(crate) fn index(address: &RegistryAddress, id: Uuid) -> Self {
        Self(format!("{INDEXES}/{address}/{id}"))
    }

    /// The place of the entries of a name, by the digest of what tells them apart.
    pub(crate) fn entries(address: &RegistryAddress, digest: Digest<32>) -> Self {
        Self(format!("{ENTRIES}/{address}/{digest}"))
    }

    /// The place of what is kept of the package `id` of the registry at `address`.
    pub(crate) fn of(kind: Kind, address: &RegistryAddress, id: PackageId) -> Self {
        Self(format!("{}/{address}/{id}", kind.prefix()))
    }
}

impl Files {
    /// The files in `bucket`. Sends nothing yet.
    #[must_use]
    pub fn new(sdk: &SdkConfig, bucket: impl Into<String>) -> Self {
        Self {
            client: aws::s3(sdk, key_kinds::key_kinds),
            bucket: bucket.into(),
            credentials: sdk.credentials_provider(),
            distribution: None,
            kept: kept::Kept::default(),
        }
    }

    /// The same files, to which clients are sent by way of the distribution at `base_url`, where there is one.
    #[must_use]
    pub fn behind(self, base_url: Option<&str>) -> Self {
        Self {
            distribution: base_url.map(str::to_owned),
            ..self
        }
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Stores `bytes`; S3 refuses them unless they arrive as `sha256` says.
    ///
    /// That checksum is a header, and signed. A signature of the body too would take the same SHA-256
    /// once more, here and there.
    ///
    /// Without `If-None-Match`: the key is of a fresh id, and the SDK's own repeat after a lost
    /// answer would meet a 412 from our own success.
    pub(crate) async fn put(&self, key: &ObjectKey, bytes: Bytes, sha256: Digest<32>) -> Result<()> {
        let put = self.put_request(key, bytes, sha256).customize();
        let sent = put.disable_payload_signing().send().await;
        sent.map(drop).map_err(aws::failed)
    }

    fn put_request(&self, key: &ObjectKey, bytes: Bytes, sha256: Digest<32>) -> PutObjectFluentBuilder {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(&key.0)
            .content_type(CONTENT_TYPE)
            .checksum_sha256(sha256.to_base64())
            .body(bytes.into())
    }

    /// Reads a whole object of at most `bound` bytes; `None` where there is none.
    pub(crate) async fn read(&self, key: &ObjectKey, bound: u64) -> Result<Option<Bytes>> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&key.0)
            .send()
            .await;
        let object = match answer {
            Ok(object) => object,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(aws::failed(error)),
        };
        let mut cause = Cause::of_last_step("the object is larger than expected");
        if object
            .content_length()
            .is_none_or(|length| length.unsigned_abs() > bound)
        {
            return Err(Failure::Definite(cause).into());
        }
        match object.body.collect().await {
            Ok(body) => Ok(Some(body.into_bytes())),
            Err(error) => {
                cause.text = format!("the body broke off: {}", chain(&error)).into();
                Err(Failure::Unknown(cause).into())
            }
        }
    }

    /// Deletes an object, whether or not it is there. The bucket keeps the old version for a while.
    pub(crate) async fn delete(&self, key: &ObjectKey) -> Result<()> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(&key.0)
            .send()
            .await
            .map(drop)
            .map_err(aws::failed)
    }
}

/// Whether there is no such object, which S3 says with 403 to who may not list.
fn is_missing<E>(error: &SdkError<E>) -> bool {
    matches!(status(error), Some(403 | 404))
}

/// Whether the object is another one than the ETag names.
fn is_another<E>(error: &SdkError<E>) -> bool {
    status(error) == Some(412)
}

/// Whether the object ends before the range that was asked for.
fn is_beyond<E>(error: &SdkError<E>) -> bool {
    status(error) == Some(416)
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}
