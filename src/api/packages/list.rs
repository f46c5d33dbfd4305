//! `GET …/packages`: newest first, a page at a time.

use lambda_http::{Body, Response};

use super::cursor::Cursor;
use crate::api::{Call, Query, paging, views};
use crate::auth::Requirements;
use crate::error::{Error, Result};
use crate::packages::{self, Place};
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::records::{Listed, Registry};

/// Lists packages. Two round trips, and as many more as pages of the table were passed over.
pub(crate) async fn list(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::Read],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    let registry = &access.registry;
    let per_page = paging::per_page(call.query)?;
    let place = place(call.query, registry)?;
    // No package has an empty name.
    let name = call.query.get_non_empty("name");

    let page = packages::list(&call.context, registry, name.as_deref(), place, per_page).await?;
    let urls = PageUrls {
        call,
        registry,
        name: name.as_deref(),
        per_page,
    };
    let edge = |item: Option<&Listed>| item.map(|item| Cursor::new(registry, item.id).to_string());
    let next = edge(page.packages.last().filter(|_| page.has_older));
    let prev = edge(page.packages.first().filter(|_| page.has_newer));
    let links = views::Links {
        own: urls.own(),
        first: (place != Place::First).then(|| urls.page(None)),
        prev: prev.map(|cursor| urls.page(Some(("before", cursor)))),
        next: next.map(|cursor| urls.page(Some(("after", cursor)))),
    };
    views::list(call.urls, registry, &page.packages, links)
}

/// Addresses of the pages of one list.
struct PageUrls<'a> {
    call: &'a Call<'a>,
    registry: &'a Registry,
    name: Option<&'a str>,
    per_page: usize,
}

impl PageUrls<'_> {
    /// The requested page, by the cursor of the request.
    fn own(&self) -> String {
        let cursor = ["after", "before"]
            .into_iter()
            .find_map(|name| Some((name, self.call.query.get(name)?)));
        self.page(cursor)
    }

    fn page(&self, cursor: Option<(&str, String)>) -> String {
        let mut parameters = vec![("per_page", self.per_page.to_string())];
        parameters.extend(self.name.map(|name| ("name", name.to_owned())));
        parameters.extend(cursor);
        self.call.urls.packages(&self.registry.address, &parameters)
    }
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
