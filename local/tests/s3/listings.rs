//! Listings, page by page.

use crate::Bucket;

#[tokio::test]
async fn listings_continue_and_group_by_delimiter() {
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
