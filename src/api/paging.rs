//! Parameters that all lists with pages have in common.

use super::Query;
use crate::error::{Error, Result};

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
