//! Presigned addresses.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use crate::Bucket;

#[tokio::test]
async fn presigned_addresses_name_files_and_are_verified() {
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
