//! Names of package files, as clients send them.

use crate::error::{Error, Result};

/// The longest file name that common file systems take.
const MAX_FILENAME_BYTES: usize = 255;

/// The last segment of a file's name or path: clients send whole paths, of either kind.
///
/// # Errors
/// A 422 for `field` where no file can have that name.
pub(crate) fn usable_filename<'a>(name: &'a str, field: &'static str) -> Result<&'a str> {
    match name.rsplit(['/', '\\']).next().unwrap_or_default() {
        "" | "." | ".." => Err(unusable(field, "has no last segment")),
        last if last.len() > MAX_FILENAME_BYTES => Err(unusable(
            field,
            &format!(
                "has {} bytes; at most {MAX_FILENAME_BYTES} are allowed",
                last.len()
            ),
        )),
        last if last.chars().any(char::is_control) => Err(unusable(field, "has control characters")),
        last => Ok(last),
    }
}

/// A 422 for a file name, which `problem` describes.
pub(crate) fn unusable(field: &'static str, problem: &str) -> Error {
    let message = format!("The file name {problem}. Send the file under a name such as `banana-1.0.0.gem`.");
    Error::invalid(field, "invalid_filename", message)
}
