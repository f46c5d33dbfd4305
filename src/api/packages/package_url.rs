//! The `package_url` of a publish form: the address of a file that was posted to the bucket.
//!
//! It is compared as text, and never fetched: the object that it names is read from our own bucket.

use uuid::Uuid;

use super::posted_name::{decode, posted_names};
use crate::error::{Error, Result};
use crate::filename::usable_filename;
use crate::files::UPLOADS;
use crate::packages::PostedFile;
use crate::path::RegistryPath;

/// Longer than any address of an upload: of its name, which has 255 bytes, each may be escaped twice.
const MAX_PACKAGE_URL_BYTES: usize = 4096;

/// The posted file that `url` names, in one of the bucket's `addresses`, as an upload to the registry of
/// `path`.
///
/// # Errors
/// A 422 where it is not the address of such an upload.
pub(super) fn parse(url: &str, addresses: &[String], path: &RegistryPath) -> Result<PostedFile> {
    if url.len() > MAX_PACKAGE_URL_BYTES {
        return Err(Error::invalid(
            "package_url",
            "too_long",
            format!(
                "The package_url has {} bytes; those of uploads have at most {MAX_PACKAGE_URL_BYTES}. \
                 Send form.url joined with data.key, as the upload answered them.",
                url.len()
            ),
        ));
    }
    let path_of = |address: &String| url.strip_prefix(address.as_str())?.strip_prefix('/');
    let key = addresses.iter().find_map(path_of).ok_or_else(foreign)?;
    let segments: Vec<_> = key.splitn(6, '/').collect();
    let [UPLOADS, organization, registry, upload, name] = segments[..] else {
        return Err(foreign());
    };
    let is_own = organization == path.organization && registry == path.registry;
    let upload = Uuid::parse_str(upload)
        .ok()
        .filter(|parsed| parsed.to_string() == upload);
    let (true, Some(upload), Some(decoded)) = (is_own, upload, decode(name)) else {
        return Err(foreign());
    };
    if name.contains(['?', '#']) || decoded.contains('/') {
        return Err(foreign());
    }
    usable_filename(&decoded, "package_url")?;
    Ok(PostedFile {
        upload,
        names: posted_names(name),
    })
}

fn foreign() -> Error {
    Error::invalid(
        "package_url",
        "foreign",
        "The package_url names no upload to this registry. Request one with POST …/packages/upload, \
         post the file with the form that it answers, and publish form.url joined with data.key.",
    )
}
