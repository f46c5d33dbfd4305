//! Kinds of the keys that a call of S3 is about, for the log.

use aws_sdk_s3::operation::complete_multipart_upload::CompleteMultipartUploadInput;
use aws_sdk_s3::operation::copy_object::CopyObjectInput;
use aws_sdk_s3::operation::create_multipart_upload::CreateMultipartUploadInput;
use aws_sdk_s3::operation::delete_object::DeleteObjectInput;
use aws_sdk_s3::operation::delete_objects::DeleteObjectsInput;
use aws_sdk_s3::operation::get_object::GetObjectInput;
use aws_sdk_s3::operation::head_object::HeadObjectInput;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsInput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Input;
use aws_sdk_s3::operation::put_object::PutObjectInput;
use aws_sdk_s3::operation::upload_part::UploadPartInput;
use aws_sdk_s3::types::Delete;
use aws_smithy_runtime_api::client::interceptors::context::Input;

use super::{ENTRIES, INDEXES, Kind, UPLOADS};
use crate::steps::{KeyKinds, distinct};

/// Kinds of the keys in the input of an operation; of a copy, those of its source and its target.
pub(super) fn key_kinds(input: &Input) -> KeyKinds {
    if let Some(copy) = input.downcast_ref::<CopyObjectInput>() {
        let source = copy.copy_source().and_then(|source| source.split_once('/'));
        let source = source.map(|(_bucket, key)| key);
        return distinct([source, copy.key()].into_iter().flatten().map(kind));
    }
    if let Some(delete) = input.downcast_ref::<DeleteObjectsInput>() {
        let objects = delete.delete().map(Delete::objects).unwrap_or_default();
        return distinct(objects.iter().map(|object| kind(object.key())));
    }
    let key = None
        .or_else(|| input.downcast_ref::<GetObjectInput>()?.key())
        .or_else(|| input.downcast_ref::<PutObjectInput>()?.key())
        .or_else(|| input.downcast_ref::<HeadObjectInput>()?.key())
        .or_else(|| input.downcast_ref::<DeleteObjectInput>()?.key())
        .or_else(|| input.downcast_ref::<CreateMultipartUploadInput>()?.key())
        .or_else(|| input.downcast_ref::<UploadPartInput>()?.key())
        .or_else(|| input.downcast_ref::<CompleteMultipartUploadInput>()?.key())
        .or_else(|| input.downcast_ref::<ListObjectsV2Input>()?.prefix())
        .or_else(|| input.downcast_ref::<ListObjectVersionsInput>()?.prefix());
    vec![key.map_or("unknown", kind)]
}

/// Kind of the object under a key.
fn kind(key: &str) -> &'static str {
    let first = key.split('/').next().unwrap_or_default();
    match Kind::ALL.into_iter().find(|kind| kind.prefix() == first) {
        Some(Kind::Package) => "package",
        Some(Kind::Metadata) => "metadata",
        Some(Kind::Attestations) => "attestations",
        None if first == UPLOADS => "upload",
        None if first == INDEXES => "index",
        None if first == ENTRIES => "entries",
        None => "unknown",
    }
}
