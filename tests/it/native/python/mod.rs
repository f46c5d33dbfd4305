//! The Simple API and the upload form of Python's package managers.

mod access;
mod files;
pub(super) mod fixture;
mod json;
mod pages;
mod uploads;
