//! Copies, in one request and in parts.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, MetadataDirective};

use crate::{Bucket, SHA256_OF_ONE, code};

#[tokio::test]
async fn copies_are_pinned_and_carry_checksums() {
    let bucket = Bucket::new().await;
    let name = bucket.stack.bucket();
    let etag = bucket.put("uploads/a b+c", b"one").await;
    let copy = || {
        bucket
            .s3
            .copy_object()
            .bucket(name)
            .key("to")
            .copy_source(format!("{name}/uploads/a%20b%2Bc"))
            .copy_source_if_match(&etag)
            .metadata_directive(MetadataDirective::Replace)
            .content_type("application/octet-stream")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .send()
    };
    let copied = copy().await.unwrap().copy_object_result.unwrap();
    assert_eq!(copied.checksum_sha256(), Some(SHA256_OF_ONE));
    bucket.put("uploads/a b+c", b"other").await;
    assert_eq!(bucket.get("to").await.unwrap(), b"one");
    assert_eq!(code(copy().await.unwrap_err()), "PreconditionFailed");
    let head = bucket
        .s3
        .head_object()
        .bucket(name)
        .key("to")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("application/octet-stream"));
}

#[tokio::test]
async fn ranges_of_objects_make_multipart_copies() {
    const PART: usize = 5 * 1024 * 1024;
    let bucket = Bucket::new().await;
    let name = bucket.stack.bucket();
    let bytes: Vec<u8> = (0..PART + 1000)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    let etag = bucket.put("from", &bytes).await;
    let upload = bucket.s3.create_multipart_upload().bucket(name).key("to");
    let upload = upload
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    let id = upload.upload_id().unwrap();
    let copy = |number: i32, range: String, etag: &str| {
        let copy = bucket
            .s3
            .upload_part_copy()
            .bucket(name)
            .key("to")
            .upload_id(id)
            .part_number(number);
        copy.copy_source(format!("{name}/from"))
            .copy_source_range(range)
            .copy_source_if_match(etag)
            .send()
    };
    let foreign = copy(1, "bytes=0-9".to_owned(), "\"0\"").await;
    assert_eq!(code(foreign.unwrap_err()), "PreconditionFailed");
    let mut parts = Vec::new();
    for (number, first, last) in [(1, 0, PART - 1), (2, PART, bytes.len() - 1)] {
        let part = copy(number, format!("bytes={first}-{last}"), &etag)
            .await
            .unwrap();
        let part = part.copy_part_result.unwrap();
        assert!(part.checksum_sha256().is_some());
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(part.e_tag)
                .set_checksum_sha256(part.checksum_sha256)
                .build(),
        );
    }
    let completed_parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = bucket
        .s3
        .complete_multipart_upload()
        .bucket(name)
        .key("to")
        .upload_id(id);
    let completed = complete.multipart_upload(completed_parts).send().await.unwrap();
    assert!(completed.checksum_sha256().unwrap().ends_with("-2"));
    assert!(completed.e_tag().unwrap().ends_with("-2\""));
    assert!(bucket.get("to").await.unwrap() == bytes);
}

#[tokio::test]
async fn copies_have_checksums_of_the_whole() {
    let bucket = Bucket::new().await;
    let name = bucket.stack.bucket();
    let upload = bucket.s3.create_multipart_upload().bucket(name).key("from");
    let upload = upload.checksum_algorithm(ChecksumAlgorithm::Sha256);
    let id = upload.send().await.unwrap().upload_id.unwrap();
    let part = bucket.s3.upload_part().bucket(name).key("from").upload_id(&id);
    let part = part.part_number(1).checksum_algorithm(ChecksumAlgorithm::Sha256);
    let part = part.body(ByteStream::from_static(b"one")).send().await.unwrap();
    assert_eq!(part.checksum_sha256(), Some(SHA256_OF_ONE));
    let part = CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .set_checksum_sha256(part.checksum_sha256)
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = bucket.s3.complete_multipart_upload().bucket(name).key("from");
    let completed = complete
        .upload_id(id)
        .multipart_upload(parts)
        .send()
        .await
        .unwrap();
    assert!(completed.checksum_sha256().unwrap().ends_with("-1"));
    for algorithm in [None, Some(ChecksumAlgorithm::Sha256)] {
        let copy = bucket.s3.copy_object().bucket(name).key("to");
        let copy = copy.copy_source(format!("{name}/from"));
        let copied = copy.set_checksum_algorithm(algorithm).send().await.unwrap();
        let checksum = copied.copy_object_result.unwrap().checksum_sha256;
        assert_eq!(checksum.as_deref(), Some(SHA256_OF_ONE));
    }
}
