//! Parameters and links that all lists with pages have in common.

use std::fmt::Display;
use std::str::FromStr;

use uuid::Uuid;

use super::cursor::Cursor;
use super::views;
use crate::error::{Error, Result};
use crate::http::Query;
use crate::records::{Page, Place};

/// Items of one page where `per_page` is not given.
const DEFAULT_PER_PAGE: usize = 30;
/// Largest `per_page`.
const MAX_PER_PAGE: usize = 100;

/// Size of the requested page.
///
/// # Errors
/// A 422 for any other size, and for a `page` by its number: ignored, it would be the first page again, and who
/// counts pages up would never see the end.
pub(crate) fn per_page(query: Query<'_>) -> Result<usize> {
    if query.get_non_empty("page").is_some() {
        return Err(Error::invalid(
            "page",
            "unknown",
            "This list has no numbered pages. Follow the `next` link of a page, or send its `after`; for the page \
             before it, `prev` or `before`.",
        ));
    }
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

/// Place where the requested page begins, in the list of this scope: a registry, or an organization.
///
/// # Errors
/// A 422 for a broken cursor, and for two of them.
pub(crate) fn place<Id: FromStr + Display>(query: Query<'_>, scope: Uuid) -> Result<Place<Id>> {
    let cursor = |name: &'static str| {
        query
            .get(name)
            .map(|text| Cursor::read(&text, scope, name))
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

/// Links of a page: `cursor` names an item, and `address` is that of the page at a cursor, or of the first one.
pub(crate) fn links<T, Id>(
    query: Query<'_>,
    place: &Place<Id>,
    page: &Page<T>,
    cursor: impl Fn(&T) -> String,
    address: impl Fn(Option<(&str, String)>) -> String,
) -> views::Links {
    let own = ["after", "before"]
        .into_iter()
        .find_map(|name| Some((name, query.get(name)?)));
    let older = page.items.last().filter(|_| page.has_older);
    let newer = page.items.first().filter(|_| page.has_newer);
    let beside = |name, item| address(Some((name, cursor(item))));
    views::Links {
        own: address(own),
        first: (!matches!(place, Place::First)).then(|| address(None)),
        prev: newer.map(|item| beside("before", item)),
        next: older.map(|item| beside("after", item)),
    }
}
