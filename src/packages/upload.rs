//! Uploads: files of any size that clients post straight to the bucket.

use uuid::Uuid;

use super::Context;
use crate::error::{Error, Result};
use crate::filename::usable_filename;
use crate::files::{Content, MAX_UPLOAD_BYTES, ObjectKey, PostForm};
use crate::records::Registry;

/// Part of an upload's key that S3 replaces by the name of the file.
const FILENAME_PLACEHOLDER: &str = "${filename}";

/// A form for one file, under a prefix of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadForm {
    /// `s3://` address of the prefix.
    pub(crate) uri: String,
    /// Fields and address of the form.
    pub(crate) form: PostForm,
}

/// Makes a form for a new upload. No round trip.
pub(crate) async fn request_upload(context: &Context, registry: &Registry) -> Result<UploadForm> {
    let upload = Uuid::now_v7();
    let key = ObjectKey::upload(&registry.address, upload, FILENAME_PLACEHOLDER);
    Ok(UploadForm {
        form: context.files.post_form(&key).await?,
        uri: context.files.uri(&key, FILENAME_PLACEHOLDER),
    })
}

/// A file that was posted with the form of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedFile {
    /// The upload.
    pub upload: Uuid,
    /// The names that the object may have, the likeliest first. Each is one segment of a key, below the
    /// upload's own prefix.
    pub names: Vec<String>,
}

impl PostedFile {
    /// Whether its package can have this file name.
    pub(super) fn has(&self, filename: &str) -> bool {
        self.names
            .iter()
            .any(|name| usable_filename(name, "package_url").is_ok_and(|name| name == filename))
    }

    /// Looks for the posted object. Answers it with the name that it was posted under.
    pub(super) async fn find(
        &self,
        context: &Context,
        registry: &Registry,
    ) -> Result<Option<(Content, &str)>> {
        for name in &self.names {
            let key = ObjectKey::upload(&registry.address, self.upload, name);
            if let Some(content) = context.files.content(&key).await? {
                return Ok(Some((content, name)));
            }
        }
        Ok(None)
    }

    /// Locates the posted object, which must be there. Answers it with the file name of its package.
    pub(super) async fn locate(&self, context: &Context, registry: &Registry) -> Result<(Content, String)> {
        let Some((object, name)) = self.find(context, registry).await? else {
            return Err(Error::invalid(
                "package_url",
                "not_found",
                "There is no uploaded file at this package_url: it was not posted, or it has expired. \
                 Request an upload, post the file with the form that it answers, then publish it within a day.",
            ));
        };
        if object.size == 0 || object.size > MAX_UPLOAD_BYTES {
            return Err(Error::invalid(
                "package_url",
                "invalid_size",
                format!(
                    "The uploaded file has {} bytes; 1 to {MAX_UPLOAD_BYTES} are possible.",
                    object.size
                ),
            ));
        }
        Ok((object, usable_filename(name, "package_url")?.to_owned()))
    }
}
