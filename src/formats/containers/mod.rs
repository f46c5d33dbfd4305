//! Containers of packages: archives and compressed streams, each read within bounds.

pub(super) mod ar;
pub(super) mod compression;
pub(super) mod gzip;
pub(super) mod inflate;
pub(super) mod tarball;
pub(super) mod zip;
