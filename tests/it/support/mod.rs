//! What the tests stand on.

pub(crate) mod runtime_api;
pub(crate) mod seed;
