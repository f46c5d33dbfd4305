//! `admin package list`: a registry's packages, page after page.

use packages_api::records::Place;
use packages_api::{Error, PackageId, packages};

use super::open::Opened;
use super::shown;
use crate::output::Output;

/// Packages that are read at once.
const PAGE: usize = 100;

/// The newest `limit` packages after the given one.
pub(super) async fn list(
    opened: &Opened,
    name: Option<&str>,
    limit: u32,
    after: Option<PackageId>,
) -> Result<Output, Error> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut listed = Vec::new();
    let mut place = after.map_or(Place::First, Place::After);
    loop {
        let count = PAGE.min(limit - listed.len());
        let page = packages::list(&opened.context(), &opened.registry, name, place, count).await?;
        listed.extend(page.items);
        match listed.last().filter(|_| page.has_older) {
            None => return Ok(shown::list(&listed)),
            Some(last) if listed.len() >= limit => {
                let note = format!("There are older packages. List them with `--after {}`.", last.id);
                return Ok(shown::list(&listed).with_note(note));
            }
            Some(last) => place = Place::After(last.id),
        }
    }
}
