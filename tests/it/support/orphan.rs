//! Objects that were left behind, of any age.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::ByteStream;
use uuid::Uuid;

use super::app::TestApp;

/// An id that was minted so long ago.
pub(crate) fn id_of(age: Duration) -> Uuid {
    let moment = (SystemTime::now() - age).duration_since(UNIX_EPOCH);
    let millis = moment
        .expect("after 1970")
        .as_millis()
        .try_into()
        .expect("this century");
    let mut random = [0; 10];
    getrandom::fill(&mut random).expect("randomness");
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Puts a few bytes under `key`.
pub(crate) async fn leave(app: &TestApp, key: &str) {
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let body = ByteStream::from_static(b"left behind");
    let put = s3.put_object().bucket(app.stack.bucket()).key(key).body(body);
    put.send().await.expect("a writable bucket");
}

/// As if the object under `key` had been left behind a day and an hour ago.
pub(crate) async fn backdate(app: &TestApp, key: &str) {
    let (front, _) = key.rsplit_once('/').expect("a key of ours");
    leave(app, &format!("{front}/{}", id_of(Duration::from_hours(25)))).await;
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
    delete.send().await.expect("a writable bucket");
}
