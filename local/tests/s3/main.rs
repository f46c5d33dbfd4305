//! The embedded S3, asked through the SDK: what the function relies on.

mod copies;
mod listings;
mod objects;
mod presigned;
mod sizes;

use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use packages_api_local::{Stack, StackOptions};

/// The SHA-256 of `one`, in base64.
const SHA256_OF_ONE: &str = "dpLDrTVAu4A8Ags67mbNiIcSMjTqDG5xQ8Ct1z/0Me0=";

struct Bucket {
    stack: Stack,
    s3: Client,
}

impl Bucket {
    async fn new() -> Self {
        Self::start(StackOptions::default()).await
    }

    /// A bucket in a folder that outlives it.
    async fn lasting(folder: &Path) -> Self {
        let options = StackOptions {
            data_dir: Some(folder.to_owned()),
            ..StackOptions::default()
        };
        Self::start(options).await
    }

    async fn start(options: StackOptions) -> Self {
        let stack = Stack::start(options).await.unwrap();
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
