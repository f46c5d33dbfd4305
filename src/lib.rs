//! The Packages API.
pub mod formats;
