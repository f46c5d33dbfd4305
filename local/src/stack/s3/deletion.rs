//! `DeleteObject`: of a key, which leaves a marker; of a version, for good.

use s3s::S3Result;
use s3s::dto::DeletedObject;

use super::store::Store;

/// Deletes a key or one version of it, whether or not it is there.
pub(super) async fn delete(store: &Store, key: String, version: Option<String>) -> S3Result<DeletedObject> {
    let Some(id) = version else {
        let marker = store.mark_deleted(key.clone()).await?;
        return Ok(DeletedObject {
            delete_marker: Some(true),
            delete_marker_version_id: Some(marker),
            key: Some(key),
            ..DeletedObject::default()
        });
    };
    let was_marker = store.remove_version(key.clone(), id.clone()).await?;
    Ok(DeletedObject {
        delete_marker: was_marker.then_some(true),
        delete_marker_version_id: was_marker.then(|| id.clone()),
        key: Some(key),
        version_id: Some(id),
    })
}
