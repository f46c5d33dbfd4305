//! The address of a registry: what every path, key and object of it begins with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::slug::Slug;

/// An organization's slug and a registry's. Whether there is such a registry is another matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct RegistryAddress {
    pub(crate) organization: Slug,
    pub(crate) registry: Slug,
}

impl fmt::Display for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.organization, self.registry)
    }
}
