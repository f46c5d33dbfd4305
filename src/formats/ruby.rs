//! `ruby`: a gem.

use super::{Manifest, Rejection, Source};

pub(super) fn read(_filename: &str, _source: &mut dyn Source) -> Result<Manifest, Rejection> {
    Err(Rejection {
        field: "file",
        message: String::new(),
    })
}
