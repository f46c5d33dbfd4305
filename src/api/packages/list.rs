//! `GET …/packages`: newest first, a page at a time.

use lambda_http::{Body, Response};

use super::READING;
use super::cursor::Cursor;
use crate::api::{Call, Query, views};
use crate::auth::{self, RegistryPath};
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::{Direction, Listed, Registry};

/// Packages of one page, unless `per_page` says otherwise.
const DEFAULT_PER_PAGE: usize = 30;
/// The most that `per_page` may say.
const MAX_PER_PAGE: usize = 100;

/// Where a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    /// Older than this one.
    After(PackageId),
    /// Newer than this one, and next to it.
    Before(PackageId),
}

/// Lists packages. Two round trips, and as many more as pages of the table were passed over.
///
/// A cursor is a package's id, which says where it stands for all time: whatever is published and
/// deleted meanwhile, nothing is shown twice and nothing left out that was there all the time.
pub(crate) async fn list(
    call: &Call<'_>,
    path: RegistryPath<'_>,
    query: Query<'_>,
) -> Result<Response<Body>> {
    let request = auth::Request {
        scopes: &[READING],
        ..auth::Request::default()
    };
    let access = auth::enter(call.records, call.caller, path, request).await?;
    let registry = &access.registry;
    let per_page = per_page(query)?;
    let place = place(query, registry)?;
    let name = name(query);
    let name = name.as_deref();

    // One more than is shown says whether there is a further page on that side.
    let (direction, start) = match place {
        Place::First => (Direction::Older, None),
        Place::After(id) => (Direction::Older, Some(id)),
        Place::Before(id) => (Direction::Newer, Some(id)),
    };
    let mut items = call
        .records
        .list(registry, name, direction, start, per_page + 1)
        .await?;
    let more = items.len() > per_page;
    items.truncate(per_page);
    if direction == Direction::Newer {
        items.reverse();
    }
    let (newer, older) = match place {
        Place::First => (false, more),
        Place::After(_) => (true, more),
        Place::Before(_) => (more, true),
    };
    let links = Links {
        call,
        registry,
        query,
        per_page,
    };
    let edge = |item: Option<&Listed>| item.map(|item| Cursor::new(registry, item.id).to_string());
    let next = edge(items.last())
        .filter(|_| older)
        .map(|cursor| links.page(Some(("after", cursor))));
    let prev = edge(items.first())
        .filter(|_| newer)
        .map(|cursor| links.page(Some(("before", cursor))));
    let links = views::Links {
        own: links.own(),
        first: (place != Place::First).then(|| links.page(None)),
        prev,
        next,
    };
    views::list(call.urls, registry, &items, links)
}

/// The addresses of the pages around one.
struct Links<'a> {
    call: &'a Call<'a>,
    registry: &'a Registry,
    query: Query<'a>,
    per_page: usize,
}

impl Links<'_> {
    /// The page that was asked for, as it was asked for.
    fn own(&self) -> String {
        let cursor = ["after", "before"]
            .into_iter()
            .find_map(|name| Some((name, self.query.get(name)?)));
        self.page(cursor)
    }

    fn page(&self, cursor: Option<(&str, String)>) -> String {
        let mut parameters = vec![("per_page", self.per_page.to_string())];
        parameters.extend(name(self.query).map(|name| ("name", name)));
        parameters.extend(cursor);
        self.call.urls.packages(self.registry, &parameters)
    }
}

/// The one name that is asked for. No package has an empty one: scripts send it for want of a value.
fn name(query: Query<'_>) -> Option<String> {
    query.get("name").filter(|name| !name.is_empty())
}

fn per_page(query: Query<'_>) -> Result<usize> {
    let Some(text) = query.get("per_page") else {
        return Ok(DEFAULT_PER_PAGE);
    };
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=MAX_PER_PAGE).contains(number));
    number.ok_or_else(|| {
        let message = format!("`per_page` must be a number from 1 to {MAX_PER_PAGE}.");
        Error::invalid("per_page", "invalid", message)
    })
}

fn place(query: Query<'_>, registry: &Registry) -> Result<Place> {
    let cursor = |name: &'static str| {
        query
            .get(name)
            .map(|text| Cursor::read(&text, registry, name))
            .transpose()
    };
    match (cursor("before")?, cursor("after")?) {
        (None, None) => Ok(Place::First),
        (None, Some(id)) => Ok(Place::After(id)),
        (Some(id), None) => Ok(Place::Before(id)),
        (Some(_), Some(_)) => Err(Error::invalid(
            "before",
            "ambiguous",
            "The query has both `before` and `after`. Follow one of the links of a page.",
        )),
    }
}
