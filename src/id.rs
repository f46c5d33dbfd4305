//! Package ids: UUIDv7, so that their order is the order in which packages were published.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A package's identity, minted just before its file is stored. It carries the time of its making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(Uuid);

impl PackageId {
    /// A new id, later in order than all before it.
    #[must_use]
    pub fn mint() -> Self {
        Self(Uuid::now_v7())
    }

    /// When it was minted, in milliseconds.
    #[must_use]
    pub fn minted_at(self) -> SystemTime {
        minted_at(self.0)
    }
}

/// The moment that a UUIDv7 carries, in milliseconds; for any other UUID, the beginning of 1970.
pub(crate) fn minted_at(id: Uuid) -> SystemTime {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    UNIX_EPOCH + Duration::new(seconds, nanos)
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A text that is no package id in its canonical spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPackageId;

impl FromStr for PackageId {
    type Err = InvalidPackageId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = Uuid::parse_str(text).map_err(|_| InvalidPackageId)?;
        let canonical = id.get_version_num() == 7 && id.to_string() == text;
        canonical.then_some(Self(id)).ok_or(InvalidPackageId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling_and_carries_its_time() {
        let id: PackageId = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44".parse().unwrap();
        let minted = id.minted_at().duration_since(UNIX_EPOCH).unwrap();
        assert_eq!(minted.as_millis(), 0x0191_e23a_4bc8);
        for bad in [
            "",
            "0191E23A-4BC8-7683-BFA4-5F73BC9B7C44",
            "0191e23a4bc87683bfa45f73bc9b7c44",
            "{0191e23a-4bc8-7683-bfa4-5f73bc9b7c44}",
            "0191e23a-4bc8-4683-bfa4-5f73bc9b7c44",
        ] {
            assert_eq!(bad.parse::<PackageId>(), Err(InvalidPackageId), "{bad}");
        }
        assert!(PackageId::mint() < PackageId::mint());
    }
}
