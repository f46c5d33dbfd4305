//! The bucket's lifecycle rules, as it is deployed: uploads are gone after a day, versions that are not
//! current after 35 days.

use std::time::Duration;

use s3s::S3Result;
use tokio::sync::watch;

use super::store::{Store, now};
use crate::stack::stopped;

/// Where the posted files lie until they are published or forgotten.
const UPLOADS: &str = "uploads/";
const LIFETIME: Duration = Duration::from_hours(24);
/// As long as the table can be restored to an earlier moment, so can its files.
const VERSIONS_LIFETIME: Duration = Duration::from_hours(35 * 24);
const LOOK_EVERY: Duration = Duration::from_mins(10);

/// Removes what is old, now and from time to time, until `stop` is told.
pub(super) async fn run(store: Store, stop: watch::Receiver<bool>) {
    let mut stop = std::pin::pin!(stopped(stop));
    loop {
        if let Err(error) = expire(&store, before(LIFETIME)).await {
            tracing::warn!(%error, "expired uploads could not be removed");
        }
        if let Err(error) = expire_versions(&store, before(VERSIONS_LIFETIME)).await {
            tracing::warn!(%error, "expired versions could not be removed");
        }
        if let Err(error) = store.files().remove_unnamed() {
            tracing::warn!(%error, "files that no object names could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = &mut stop => return,
        }
    }
}

/// So long ago, in milliseconds since 1970.
fn before(lifetime: Duration) -> i64 {
    now().saturating_sub(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX))
}

async fn expire_versions(store: &Store, before: i64) -> S3Result<()> {
    let unnamed = store.change(move |index| index.expire_versions(before)).await?;
    store.forget(unnamed);
    Ok(())
}

/// Removes posted files and unfinished uploads in parts that were begun before this time.
async fn expire(store: &Store, before: i64) -> S3Result<()> {
    let mut place = UPLOADS.to_owned();
    loop {
        let after = place;
        let next = store.read(move |index| index.next(&after)).await?;
        let Some(object) = next.filter(|object| object.key.starts_with(UPLOADS)) else {
            break;
        };
        place = object.key.clone();
        if object.modified < before {
            store.remove(object.key, object.blob).await?;
        }
    }
    for id in store.read(move |index| index.uploads_before(before)).await? {
        let unnamed = store.change(move |index| index.end_upload(&id, None)).await?;
        store.forget(unnamed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::s3::blob::Draft;
    use crate::stack::s3::conditions::WriteCondition;
    use crate::stack::s3::object::Attributes;

    #[tokio::test]
    async fn posted_files_expire_when_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), false).unwrap();
        for key in ["packages/a/b/c", "uploads/a/b/c/d", "uploadsx"] {
            let draft = Draft::new(store.files());
            std::fs::write(draft.path(), key).unwrap();
            let blob = draft.finish().await.unwrap();
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
        assert!(store.object("uploads/a/b/c/d", None).await.is_ok());
        expire(&store, now() + 1).await.unwrap();
        assert!(store.object("uploads/a/b/c/d", None).await.is_err());
        assert!(store.object("packages/a/b/c", None).await.is_ok());
        assert!(store.object("uploadsx", None).await.is_ok());
        assert_eq!(
            std::fs::read_dir(folder.path().join("objects")).unwrap().count(),
            2
        );
    }

    #[tokio::test]
    async fn versions_expire_when_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), false).unwrap();
        for _ in 0..2 {
            let draft = Draft::new(store.files());
            std::fs::write(draft.path(), "x").unwrap();
            let blob = draft.finish().await.unwrap();
            let (key, attributes, condition) = ("packages/a/b/c".to_owned(), <_>::default(), <_>::default());
            store.put_blob(key, blob, 1, attributes, condition).await.unwrap();
        }
        let count = || std::fs::read_dir(folder.path().join("objects")).unwrap().count();
        expire_versions(&store, now() - 60_000).await.unwrap();
        assert_eq!(count(), 2);
        expire_versions(&store, now() + 1).await.unwrap();
        assert_eq!(count(), 1);
        assert!(store.object("packages/a/b/c", None).await.is_ok());
    }
}
