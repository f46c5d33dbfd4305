//! Deeds on packages: publish, copy, delete, list, download. They take and return values, and know
//! nothing of HTTP; every door authorizes its caller first, and words the answer itself.
//!
//! A file is stored before its release, which is one transaction: nobody ever sees a package without
//! its file. A delete goes the other way round.

mod attestations;
mod companions;
mod context;
mod copy;
mod delete;
mod disk;
mod download;
mod entries;
mod find;
mod heal;
mod list;
mod metadata;
mod metadata_file;
mod named;
mod publish;
mod publish_from_disk;
mod publish_upload;
mod reading;
mod release;
mod tagged_name;
mod upload;
mod work;

pub use attestations::{AttestationBundle, Attestations};
use companions::Companions;
pub use context::Context;
pub use copy::copy;
pub use delete::delete;
pub use disk::DiskFile;
pub(crate) use download::download_address;
pub(crate) use entries::{EntryKind, entries, entry, kept_entries};
pub use find::find;
pub use list::list;
pub use metadata::Metadata;
pub(crate) use metadata_file::metadata_file;
pub use named::{NamePages, NamedPackage};
pub(crate) use publish::{Filename, PackageFile, publish, publish_checked};
pub use publish_from_disk::publish_from_disk;
pub use publish_upload::publish_upload;
pub(crate) use reading::{digest, run_blocking};
pub use release::Published;
pub(crate) use tagged_name::{
    LATEST, NamedVersion, TaggedName, changed_meanwhile, deprecate, remove_tag, set_tag,
};
pub use upload::PostedFile;
pub(crate) use upload::{UploadForm, request_upload};

use crate::error::Error;

fn just_deleted() -> Error {
    Error::NotFound("This package has just been deleted.".to_owned())
}
