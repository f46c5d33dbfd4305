//! The embedded S3, asked through the SDK: what the function relies on.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, MetadataDirective, ObjectIdentifier,
};
use packages_api_local::{Stack, StackOptions};

/// The SHA-256 of `one`, in base64.
const SHA256_OF_ONE: &str = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=";

struct Bucket {
    stack: Stack,
    s3: Client,
}

impl Bucket {
    async fn new() -> Self {
        let stack = Stack::start(StackOptions::default()).await.unwrap();
        let s3 = Client::new(&stack.sdk_config());
        Self { stack, s3 }
    }

    /// Stores an object and returns its `ETag`.
    async fn put(&self, key: &str, bytes: &[u8]) -> String {
        let put = self.s3.put_object().bucket(self.stack.bucket()).key(key);
        let put = put.body(ByteStream::from(bytes.to_vec())).send().await.unwrap();
        put.e_tag.unwrap()
    }

    async fn get(&self, key: &str) -> Result<Vec<u8>, String> {
        let got = self
            .s3
            .get_object()
            .bucket(self.stack.bucket())
            .key(key)
            .send()
            .await;
        Ok(got.map_err(code)?.body.collect().await.unwrap().to_vec())
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self
            .s3
            .list_objects_v2()
            .bucket(self.stack.bucket())
            .send()
            .await
            .unwrap();
        listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }
}

/// S3's name for what went wrong.
fn code<E: ProvideErrorMetadata>(error: SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(error) => match error.err().code() {
            Some(code) => code.to_owned(),
            None => error.raw().status().to_string(),
        },
        _ => "no answer".to_owned(),
    }
}

#[tokio::test]
async fn a_key_may_be_anything_that_s3_allows() {
    let bucket = Bucket::new().await;
    let long = format!("uploads/{}", "ü".repeat(508));
    let mut keys = [
        "a",
        "a/b",
        "a/b/c",
        "a//b",
        "../../a",
        "a b+c%2B",
        "ä/日本.gem",
        "a\u{7f}",
        &long,
    ];
    for key in keys {
        bucket.put(key, key.as_bytes()).await;
    }
    for key in keys {
        assert_eq!(bucket.get(key).await.unwrap(), key.as_bytes(), "{key}");
    }
    keys.sort_unstable();
    assert_eq!(bucket.keys().await, keys);
}

#[tokio::test]
async fn a_wrong_checksum_is_refused_and_nothing_changes() {
    let bucket = Bucket::new().await;
    bucket.put("key", b"before").await;
    let put = |sum: &str| {
        let put = bucket.s3.put_object().bucket(bucket.stack.bucket()).key("key");
        put.checksum_sha256(sum)
            .body(ByteStream::from_static(b"one"))
            .send()
    };
    let wrong = put("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").await;
    assert_eq!(code(wrong.unwrap_err()), "BadDigest");
    assert_eq!(bucket.get("key").await.unwrap(), b"before");
    put(SHA256_OF_ONE).await.unwrap();
    assert_eq!(bucket.get("key").await.unwrap(), b"one");
}

#[tokio::test]
async fn what_is_not_there_is_deleted_all_the_same() {
    let bucket = Bucket::new().await;
    let name = bucket.stack.bucket();
    bucket.put("a", b"a").await;
    bucket
        .s3
        .delete_object()
        .bucket(name)
        .key("none")
        .send()
        .await
        .unwrap();
    let keys = ["a", "none"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder()
        .set_objects(Some(keys.to_vec()))
        .build()
        .unwrap();
    let deleted = bucket
        .s3
        .delete_objects()
        .bucket(name)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.deleted().len(), 2);
    assert!(deleted.errors().is_empty());
    assert_eq!(bucket.get("a").await.unwrap_err(), "NoSuchKey");
    let head = bucket.s3.head_object().bucket(name).key("a").send().await;
    assert!(head.unwrap_err().into_service_error().is_not_found());
}

#[tokio::test]
async fn an_object_that_was_swapped_between_two_reads_is_noticed() {
    let bucket = Bucket::new().await;
    let first = bucket.put("key", b"first").await;
    let read = || {
        let read = bucket.s3.get_object().bucket(bucket.stack.bucket()).key("key");
        read.range("bytes=0-1").if_match(&first).send()
    };
    assert_eq!(
        read().await.unwrap().body.collect().await.unwrap().to_vec(),
        b"fi"
    );
    bucket.put("key", b"other").await;
    assert_eq!(code(read().await.unwrap_err()), "PreconditionFailed");
}

#[tokio::test]
async fn of_many_who_create_the_same_object_one_does() {
    let bucket = Bucket::new().await;
    let create = |at: u8| {
        let put = bucket.s3.put_object().bucket(bucket.stack.bucket()).key("key");
        let put = put.if_none_match("*").body(ByteStream::from(vec![at]));
        async move { put.send().await.map_err(code) }
    };
    let created = futures_util::future::join_all((0..8).map(create)).await;
    let refused = created.iter().filter_map(|created| created.as_ref().err());
    assert_eq!(refused.collect::<Vec<_>>(), ["PreconditionFailed"; 7]);
}

#[tokio::test]
async fn an_object_that_is_replaced_while_it_is_read_is_read_to_its_end() {
    let bucket = Bucket::new().await;
    let bytes = vec![b'x'; 20_000_000];
    bucket.put("key", &bytes).await;
    let got = bucket
        .s3
        .get_object()
        .bucket(bucket.stack.bucket())
        .key("key")
        .send()
        .await
        .unwrap();
    bucket.put("key", b"other").await;
    assert!(got.body.collect().await.unwrap().to_vec() == bytes);
}

#[tokio::test]
async fn a_copy_is_of_the_object_that_was_meant_and_brings_the_checksum_asked_for() {
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
async fn ranges_of_one_object_make_another() {
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
    let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = bucket
        .s3
        .complete_multipart_upload()
        .bucket(name)
        .key("to")
        .upload_id(id);
    let completed = complete.multipart_upload(whole).send().await.unwrap();
    assert!(completed.checksum_sha256().unwrap().ends_with("-2"));
    assert!(completed.e_tag().unwrap().ends_with("-2\""));
    assert!(bucket.get("to").await.unwrap() == bytes);
}

#[tokio::test]
async fn a_listing_goes_on_where_it_ended_and_groups_by_the_delimiter() {
    let bucket = Bucket::new().await;
    for key in ["b/1", "b/2", "b/c/1", "b/c/2", "b/d/1", "b/z", "c"] {
        bucket.put(key, b"x").await;
    }
    let mut pages = Vec::new();
    let mut token = None;
    loop {
        let list = bucket
            .s3
            .list_objects_v2()
            .bucket(bucket.stack.bucket())
            .prefix("b/")
            .delimiter("/");
        let page = list
            .max_keys(2)
            .set_continuation_token(token)
            .send()
            .await
            .unwrap();
        let keys = page.contents().iter().filter_map(|object| object.key());
        let groups = page.common_prefixes().iter().filter_map(|group| group.prefix());
        pages.push(keys.chain(groups).map(str::to_owned).collect::<Vec<_>>());
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(pages, [vec!["b/1", "b/2"], vec!["b/c/", "b/d/"], vec!["b/z"]]);
}

#[tokio::test]
async fn a_presigned_address_names_the_file_and_its_signature_is_checked() {
    let bucket = Bucket::new().await;
    bucket.put("key", b"one").await;
    let get = bucket.s3.get_object().bucket(bucket.stack.bucket()).key("key");
    let get = get.response_content_disposition("attachment; filename=\"banana-1.0.0.gem\"");
    let minutes = PresigningConfig::expires_in(Duration::from_mins(5)).unwrap();
    let address = get.presigned(minutes).await.unwrap().uri().to_owned();

    let part = reqwest::Client::new()
        .get(&address)
        .header("range", "bytes=1-")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(
        part.headers()["content-disposition"],
        "attachment; filename=\"banana-1.0.0.gem\""
    );
    assert_eq!(part.text().await.unwrap(), "ne");

    let altered = address.replace("banana", "cherry");
    assert_eq!(reqwest::get(altered).await.unwrap().status(), 403);
    let unsigned = address.split_once('?').unwrap().0;
    assert_eq!(reqwest::get(unsigned).await.unwrap().status(), 403);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let options = StackOptions {
        data_dir: Some(folder.path().join("deep/inside")),
        ..StackOptions::default()
    };
    let stack = Stack::start(options.clone()).await.unwrap();
    let s3 = Client::new(&stack.sdk_config());
    let put = s3
        .put_object()
        .bucket(stack.bucket())
        .key("key")
        .body(ByteStream::from_static(b"one"));
    put.send().await.unwrap();
    stack.shutdown().await;
    let torn = folder.path().join("deep/inside/s3/objects/torn");
    std::fs::write(&torn, "of a killed process").unwrap();

    let stack = Stack::start(options).await.unwrap();
    let s3 = Client::new(&stack.sdk_config());
    let got = s3
        .get_object()
        .bucket(stack.bucket())
        .key("key")
        .send()
        .await
        .unwrap();
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"one");
    assert!(!torn.exists());
}
