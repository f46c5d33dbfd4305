//! Lists of a registry's packages: newest first, a page at a time.

use super::Context;
use crate::error::Result;
use crate::id::PackageId;
use crate::records::{Direction, Listed, Registry};

/// Place where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the newest package.
    First,
    /// Beside this one, with those that are older.
    After(PackageId),
    /// Beside this one, with those that are newer.
    Before(PackageId),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its packages, newest first.
    pub(crate) packages: Vec<Listed>,
    /// Whether there is a page of newer ones.
    pub(crate) has_newer: bool,
    /// Whether there is a page of older ones.
    pub(crate) has_older: bool,
}

/// Lists the `per_page` packages at `place`; those of one name, where it is given. One round trip, and
/// as many more as pages of the table were passed over.
///
/// A package's id is its place for all time: whatever is published and deleted meanwhile, nothing is
/// listed twice, and nothing left out that was there all the time.
pub(crate) async fn list(
    context: &Context,
    registry: &Registry,
    name: Option<&str>,
    place: Place,
    per_page: usize,
) -> Result<Page> {
    let (direction, start) = match place {
        Place::First => (Direction::Older, None),
        Place::After(id) => (Direction::Older, Some(id)),
        Place::Before(id) => (Direction::Newer, Some(id)),
    };
    // One package more than the page holds tells whether there is a further page on that side.
    let records = &context.records;
    let mut packages = records
        .list(registry, name, direction, start, per_page + 1)
        .await?;
    let has_more = packages.len() > per_page;
    packages.truncate(per_page);
    if direction == Direction::Newer {
        packages.reverse();
    }
    let (has_newer, has_older) = match place {
        Place::First => (false, has_more),
        Place::After(_) => (true, has_more),
        Place::Before(_) => (has_more, true),
    };
    Ok(Page {
        packages,
        has_newer,
        has_older,
    })
}
