//! The adoption of a restored table and its bucket.

pub(crate) mod restore;
