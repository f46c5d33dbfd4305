//! Objects: stored, read, replaced and deleted.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::{Bucket, SHA256_OF_ONE, code};

#[tokio::test]
async fn keys_may_be_anything_that_s3_allows() {
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
async fn wrong_checksums_are_refused_and_change_nothing() {
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
async fn deleting_missing_objects_succeeds() {
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
async fn replaced_objects_fail_pinned_reads() {
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
async fn one_of_many_conditional_creates_wins() {
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
async fn reads_of_replaced_objects_finish() {
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
async fn stored_objects_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("deep/inside");
    let bucket = Bucket::lasting(&inside).await;
    bucket.put("key", b"one").await;
    bucket.stack.shutdown().await;
    let torn = inside.join("s3/objects/torn");
    std::fs::write(&torn, "of a killed process").unwrap();

    let bucket = Bucket::lasting(&inside).await;
    assert_eq!(bucket.get("key").await.unwrap(), b"one");
    assert!(!torn.exists());
}
