//! What the bucket's lifecycle rules do when it is deployed: uploads are gone after a day.

use std::time::Duration;

use s3s::S3Result;
use tokio::sync::watch;

use super::store::{Store, now};
use crate::stack::stopped;

/// Where the posted files lie until they are published or forgotten.
const UPLOADS: &str = "uploads/";
const LIFETIME: Duration = Duration::from_hours(24);
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// Removes what is old, now and from time to time, until `stop` is told.
pub(super) async fn run(store: Store, stop: watch::Receiver<bool>) {
    let mut stop = std::pin::pin!(stopped(stop));
    loop {
        let before = now().saturating_sub(i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX));
        if let Err(error) = expire(&store, before).await {
            tracing::warn!(%error, "expired uploads could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = &mut stop => return,
        }
    }
}

/// Removes posted files and unfinished uploads in parts that were begun before this time.
async fn expire(store: &Store, before: i64) -> S3Result<()> {
    let mut place = UPLOADS.to_owned();
    loop {
        let after = place;
        let next = store.index(move |index| index.next(&after)).await?;
        let Some(object) = next.filter(|object| object.key.starts_with(UPLOADS)) else {
            break;
        };
        place = object.key.clone();
        if object.modified < before {
            store.remove(object.key, Some(object.blob)).await?;
        }
    }
    for id in store.index(move |index| index.uploads_before(before)).await? {
        let unnamed = store.index(move |index| index.end_upload(&id, None)).await?;
        store.forget(unnamed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::s3::blob::Blob;
    use crate::stack::s3::conditions::WriteCondition;
    use crate::stack::s3::object::Attributes;

    #[tokio::test]
    async fn only_posted_files_expire_and_only_when_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), false).unwrap();
        for key in ["packages/a/b/c", "uploads/a/b/c/d", "uploadsx"] {
            let blob = Blob::new(store.folder());
            std::fs::write(blob.path(), key).unwrap();
            store
                .put_blob(
                    key.to_owned(),
                    blob,
                    0,
                    Attributes::default(),
                    WriteCondition::default(),
                )
                .await
                .unwrap();
        }
        expire(&store, now() - 60_000).await.unwrap();
        assert!(store.object("uploads/a/b/c/d").await.is_ok());
        expire(&store, now() + 1).await.unwrap();
        assert!(store.object("uploads/a/b/c/d").await.is_err());
        assert!(store.object("packages/a/b/c").await.is_ok());
        assert!(store.object("uploadsx").await.is_ok());
        assert_eq!(std::fs::read_dir(store.folder()).unwrap().count(), 2);
    }
}
