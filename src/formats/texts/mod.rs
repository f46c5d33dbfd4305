//! Texts inside of packages: the languages and encodings that manifests are written in.

pub(super) mod alphabet;
pub(super) mod deb822;
pub(super) mod email;
pub(crate) mod json;
pub(super) mod latin1;
pub(super) mod properties;
pub(super) mod xml;
pub(super) mod yaml;
