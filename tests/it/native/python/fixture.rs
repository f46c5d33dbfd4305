//! Wheels, and users of a registry that holds some.

pub(in crate::native) use crate::support::pypi::{PYTHON, metadata, upload, user_of, wheel};
