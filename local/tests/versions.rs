//! Versions and delete markers, as a bucket has them whose versioning is on.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use packages_api_local::{Stack, StackOptions};

struct Bucket {
    stack: Stack,
    client: Client,
}

impl Bucket {
    async fn start() -> Self {
        let stack = Stack::start(StackOptions::default()).await.unwrap();
        let client = Client::new(&stack.sdk_config());
        Self { stack, client }
    }

    /// Stores an object; the version's id.
    async fn put(&self, key: &str, body: &str) -> String {
        let body = ByteStream::from(body.as_bytes().to_vec());
        let put = self.client.put_object().bucket(self.stack.bucket());
        let put = put.key(key).body(body).send().await.unwrap();
        put.version_id.unwrap()
    }

    async fn read(&self, key: &str, version: Option<&str>) -> Result<String, u16> {
        let get = self.client.get_object().bucket(self.stack.bucket()).key(key);
        let get = get.set_version_id(version.map(str::to_owned)).send().await;
        let object = get.map_err(|error| error.raw_response().unwrap().status().as_u16())?;
        let body = object.body.collect().await.unwrap().to_vec();
        Ok(String::from_utf8(body).unwrap())
    }

    /// Deletes the key, or a version of it for good; the version or the marker that was made.
    async fn delete(&self, key: &str, version: Option<&str>) -> (Option<bool>, String) {
        let delete = self.client.delete_object().bucket(self.stack.bucket()).key(key);
        let delete = delete.set_version_id(version.map(str::to_owned)).send().await;
        let delete = delete.unwrap();
        (delete.delete_marker, delete.version_id.unwrap())
    }

    /// Key, whether it is a marker, whether it is the latest: pages of two.
    async fn versions(&self, prefix: &str) -> Vec<(String, String, bool, bool)> {
        let mut all = Vec::new();
        let (mut key, mut version) = (None, None);
        loop {
            let page = self.client.list_object_versions().bucket(self.stack.bucket());
            let page = page.prefix(prefix).max_keys(2);
            let page = page.set_key_marker(key).set_version_id_marker(version);
            let page = page.send().await.unwrap();
            all.extend(page.versions().iter().map(|version| {
                let id = version.version_id().unwrap().to_owned();
                let key = version.key().unwrap().to_owned();
                (key, id, false, version.is_latest().unwrap())
            }));
            all.extend(page.delete_markers().iter().map(|marker| {
                let id = marker.version_id().unwrap().to_owned();
                (
                    marker.key().unwrap().to_owned(),
                    id,
                    true,
                    marker.is_latest().unwrap(),
                )
            }));
            if page.is_truncated() != Some(true) {
                return all;
            }
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

#[tokio::test]
async fn replaced_and_deleted_bytes_stay_as_versions() {
    let bucket = Bucket::start().await;
    let first = bucket.put("packages/a", "first").await;
    let second = bucket.put("packages/a", "second").await;
    let (is_marker, marker) = bucket.delete("packages/a", None).await;
    bucket.put("packages/b", "other").await;
    assert_eq!(is_marker, Some(true));
    assert_eq!(bucket.read("packages/a", None).await, Err(404));
    assert_eq!(bucket.read("packages/a", Some(&first)).await.unwrap(), "first");
    assert_eq!(bucket.read("packages/a", Some(&second)).await.unwrap(), "second");
    assert_eq!(bucket.read("packages/a", Some(&marker)).await, Err(405));
    assert_eq!(bucket.read("packages/a", Some("another")).await, Err(404));
    let mut listed = bucket.versions("packages/a").await;
    listed.sort();
    let entry =
        |id: &String, is_marker, is_latest| ("packages/a".to_owned(), id.clone(), is_marker, is_latest);
    let mut expected = vec![
        entry(&first, false, false),
        entry(&second, false, false),
        entry(&marker, true, true),
    ];
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(bucket.versions("packages/").await.len(), 4);
}

#[tokio::test]
async fn removed_markers_bring_objects_back() {
    let bucket = Bucket::start().await;
    bucket.put("packages/a", "first").await;
    let second = bucket.put("packages/a", "second").await;
    let (_, marker) = bucket.delete("packages/a", None).await;
    let (was_marker, _) = bucket.delete("packages/a", Some(&marker)).await;
    assert_eq!(was_marker, Some(true));
    assert_eq!(bucket.read("packages/a", None).await.unwrap(), "second");
    bucket.delete("packages/a", Some(&second)).await;
    assert_eq!(bucket.read("packages/a", None).await.unwrap(), "first");
    assert_eq!(bucket.versions("packages/").await.len(), 1);
}

#[tokio::test]
async fn versions_can_be_copied() {
    let bucket = Bucket::start().await;
    let version = bucket.put("packages/a", "first").await;
    bucket.delete("packages/a", None).await;
    let source = format!("{}/packages/a?versionId={version}", bucket.stack.bucket());
    let copy = bucket.client.copy_object().bucket(bucket.stack.bucket());
    copy.key("packages/a").copy_source(source).send().await.unwrap();
    assert_eq!(bucket.read("packages/a", None).await.unwrap(), "first");
}
