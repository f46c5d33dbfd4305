//! The embedded stack, asked through the SDK as the function asks it.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumAlgorithm;
use packages_api_local::{Stack, StackOptions};

#[tokio::test]
async fn objects_are_read_whole_and_in_part() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let s3 = aws_sdk_s3::Client::new(&stack.sdk_config());
    let key = "packages/my_great_org/my-registry/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";
    s3.put_object()
        .bucket(stack.bucket())
        .key(key)
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .body(ByteStream::from_static(b"a banana"))
        .send()
        .await
        .unwrap();

    let object = s3
        .get_object()
        .bucket(stack.bucket())
        .key(key)
        .send()
        .await
        .unwrap();
    assert_eq!(object.body.collect().await.unwrap().to_vec(), b"a banana");

    let part = s3.get_object().bucket(stack.bucket()).key(key).range("bytes=2-4");
    let part = part.send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/8"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"ban");
    stack.shutdown().await;
}

/// With one cache for all databases, the bucket's index would take it from the table.
#[test]
fn databases_share_no_page_cache() {
    let database = rusqlite::Connection::open_in_memory().unwrap();
    let shared = database.query_row(
        "SELECT sqlite_compileoption_used('ENABLE_MEMORY_MANAGEMENT')",
        [],
        |row| row.get::<_, bool>(0),
    );
    assert_eq!(
        shared,
        Ok(false),
        "the flags of SQLite in .cargo/config.toml have no effect"
    );
}

#[tokio::test]
async fn stacks_side_by_side_are_independent() {
    let one = Stack::start(StackOptions::default()).await.unwrap();
    let other = Stack::start(StackOptions::default()).await.unwrap();
    let put = aws_sdk_dynamodb::Client::new(&one.sdk_config())
        .put_item()
        .table_name(one.table())
        .item("pk", AttributeValue::S("organization/a".into()))
        .item("sk", AttributeValue::S("organization".into()));
    put.send().await.unwrap();

    let count = async |stack: &Stack| {
        let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
        client
            .scan()
            .table_name(stack.table())
            .send()
            .await
            .unwrap()
            .count()
    };
    assert_eq!(count(&one).await, 1);
    assert_eq!(count(&other).await, 0);
}

/// Of small items, more than the stack reads for one page.
#[tokio::test]
async fn walks_over_many_items_miss_none() {
    const ITEMS: usize = 2_500;
    const BATCH: usize = 25;
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let keys: Vec<_> = (0..ITEMS).map(|number| format!("{number:04}")).collect();
    for keys in keys.chunks(BATCH) {
        let puts = keys.iter().map(|key| {
            let put = PutRequest::builder()
                .item("pk", text("all"))
                .item("sk", text(key));
            WriteRequest::builder().put_request(put.build().unwrap()).build()
        });
        let write = client.batch_write_item();
        let written = write.request_items(stack.table(), puts.collect()).send().await;
        written.unwrap();
    }
    let query = client.query().table_name(stack.table());
    let query = query
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", text("all"))
        .into_paginator()
        .items();
    let scan = client.scan().table_name(stack.table()).into_paginator().items();
    let queried: Result<Vec<_>, _> = query.send().collect().await;
    let scanned: Result<Vec<_>, _> = scan.send().collect().await;
    for items in [queried.unwrap(), scanned.unwrap()] {
        let found: Vec<_> = items.iter().map(|item| item["sk"].as_s().unwrap()).collect();
        assert_eq!(found, keys.iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn tokens_beside_presigned_addresses_are_dropped() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let address = presigned(&stack).await;
    let client = reqwest::Client::new();
    let bearer = client.get(&address).bearer_auth("pkgs_x");
    let basic = client.get(&address).basic_auth("token", Some("pkgs_x"));
    for request in [client.get(&address), bearer, basic] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), "bananas");
    }
}

#[tokio::test]
async fn signatures_beside_presigned_addresses_are_refused() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let get = reqwest::Client::new().get(presigned(&stack).await);
    let signed = get.header("authorization", "AWS4-HMAC-SHA256 Credential=a/b");
    let answer = signed.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    let text = answer.text().await.unwrap();
    assert!(text.contains("<Code>InvalidArgument</Code>"), "{text}");
}

/// The presigned address of an object that holds `bananas`.
async fn presigned(stack: &Stack) -> String {
    let s3 = aws_sdk_s3::Client::new(&stack.sdk_config());
    let put = s3.put_object().bucket(stack.bucket()).key("a");
    put.body(b"bananas".to_vec().into()).send().await.unwrap();
    let expiry = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let get = s3.get_object().bucket(stack.bucket()).key("a");
    get.presigned(expiry).await.unwrap().uri().to_owned()
}

#[tokio::test]
async fn tokens_beside_forms_are_refused() {
    let stack = Stack::start(StackOptions::default()).await.unwrap();
    let address = format!("{}/{}", stack.s3_endpoint(), stack.bucket());
    let form = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na\r\n--b--\r\n";
    let post = reqwest::Client::new().post(address).bearer_auth("pkgs_x");
    let post = post
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form);
    let answer = post.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("<Code>InvalidArgument</Code>")
    );
}
