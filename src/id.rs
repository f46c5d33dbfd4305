//! Package ids: UUIDv7, so that their order is the order in which packages were published.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};
use uuid::Uuid;

/// A package's identity, minted just before its file is stored. It carries the time of its making, and
/// is above the id of its registry: so a registry's packages are those from its own id on, and what an
/// earlier registry of the same address left lies below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(Uuid);

impl PackageId {
    /// A new id, later in order than all before it in this process.
    #[must_use]
    pub fn mint() -> Self {
        Self(Uuid::now_v7())
    }

    /// A new id above `floor`, whatever the clock says: see [`mint_above`].
    #[must_use]
    pub fn mint_after(floor: Uuid) -> Self {
        Self(mint_above(floor))
    }

    /// The id in an address, where digits may have either case (RFC 9562, section 4). Keys, which S3 and
    /// DynamoDB compare byte by byte, have lowercase digits.
    pub(crate) fn in_address(text: &str) -> Option<Self> {
        let id = uuid_in_address(text)?;
        (id.get_version_num() == 7).then_some(Self(id))
    }

    /// When it was minted, in milliseconds.
    #[must_use]
    pub fn minted_at(self) -> SystemTime {
        minted_at(self.0)
    }
}

/// A new UUIDv7 above `floor`. It carries the current time, or the millisecond after the floor's where a
/// wrong clock put the floor later than that.
pub(crate) fn mint_above(floor: Uuid) -> Uuid {
    let id = Uuid::now_v7();
    if id > floor { id } else { beyond(floor, id) }
}

/// An id in the first millisecond after the floor's that keeps the order of this clock: where the clock is
/// at most two years behind the floor, the bits after the time hold by how many milliseconds; the rest is
/// random.
fn beyond(floor: Uuid, now: Uuid) -> Uuid {
    const BEHIND_BITS: u32 = 36;
    const RANDOM_BITS: u32 = 74 - BEHIND_BITS;
    const VARIANT_BITS: u32 = 62;
    let millis = |id: Uuid| id.as_u128() >> 80;
    let behind = millis(floor).saturating_sub(millis(now));
    let order = (1_u128 << BEHIND_BITS).saturating_sub(behind + 1);
    let random = u128::from(fastrand::u64(..)) & ((1 << RANDOM_BITS) - 1);
    let rest = order << RANDOM_BITS | random;
    // Version 7 stands in the four bits after the time, variant 2 in the two before the last 62.
    let low = rest & ((1 << VARIANT_BITS) - 1);
    let id = (millis(floor) + 1) << 80 | 7 << 76 | (rest >> VARIANT_BITS) << 64 | 2 << VARIANT_BITS | low;
    Uuid::from_u128(id)
}

/// The moment that a UUIDv7 carries, in milliseconds; for any other UUID, the beginning of 1970.
pub(crate) fn minted_at(id: Uuid) -> SystemTime {
    let (seconds, nanos) = id.get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    UNIX_EPOCH + Duration::new(seconds, nanos)
}

/// The UUID in an address, in the one spelling that has hyphens, with digits of either case.
pub(crate) fn uuid_in_address(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    let canonical = id.hyphenated().encode_lower(&mut buffer);
    text.eq_ignore_ascii_case(canonical).then_some(id)
}

/// A UUID (version 5) of a name in a namespace: the same for the same name.
pub(crate) fn name_id(namespace: Uuid, name: &str) -> Uuid {
    let digest: [u8; 20] = Sha1::new()
        .chain_update(namespace.as_bytes())
        .chain_update(name)
        .finalize()
        .into();
    let mut bytes = [0; 16];
    for (byte, digested) in bytes.iter_mut().zip(digest) {
        *byte = digested;
    }
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

impl From<PackageId> for Uuid {
    fn from(id: PackageId) -> Self {
        id.0
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A text that is not a package id in its canonical spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPackageId;

impl FromStr for PackageId {
    type Err = InvalidPackageId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_canonical = !text.bytes().any(|digit| digit.is_ascii_uppercase());
        let id = Self::in_address(text).filter(|_| is_canonical);
        id.ok_or(InvalidPackageId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling_and_a_time() {
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

    /// A UUIDv7 of this moment.
    fn at(millis: u64) -> Uuid {
        uuid::Builder::from_unix_timestamp_millis(millis, &[0xFF; 10]).into_uuid()
    }

    fn now_millis() -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_millis().try_into().unwrap()
    }

    /// The example of RFC 9562, appendix A.4.
    #[test]
    fn a_name_has_one_id() {
        let id = name_id(Uuid::NAMESPACE_DNS, "www.example.com");
        assert_eq!(id.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn ids_are_above_their_floor_whatever_the_clock() {
        for ahead in [0, 1, 60_000, 3_600_000, 400 * 86_400_000, 4000 * 86_400_000] {
            let floor = at(now_millis() + ahead);
            let id = mint_above(floor);
            assert!(id > floor, "{id} {floor}");
            assert_eq!(id.to_string().parse(), Ok(PackageId(id)));
            assert!(minted_at(id) <= minted_at(floor) + Duration::from_millis(1));
        }
        let behind = at(now_millis() - 5000);
        assert!(minted_at(mint_above(behind)) > minted_at(behind) + Duration::from_secs(4));
    }

    #[test]
    fn ids_beyond_the_clock_keep_its_order() {
        let floor = at(now_millis() + 3_600_000);
        let ids = [0, 1, 5, 3_000_000].map(|later| beyond(floor, at(now_millis() + later)));
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| *id > floor));
    }

    #[test]
    fn digits_in_an_address_have_no_case() {
        let id = PackageId::mint();
        let upper = id.to_string().to_uppercase();
        assert_eq!(PackageId::in_address(&upper), Some(id));
        assert_eq!(PackageId::in_address(&id.to_string()), Some(id));
        for bad in [
            upper.replace('-', ""),
            format!("{{{upper}}}"),
            format!(" {upper}"),
        ] {
            assert_eq!(PackageId::in_address(&bad), None, "{bad}");
        }
    }
}
