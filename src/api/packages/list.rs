//! `GET …/packages`: newest first, a page at a time.

use lambda_http::{Body, Response};

use crate::api::cursor::Cursor;
use crate::api::{paging, views};
use crate::auth::Requirements;
use crate::error::Result;
use crate::http::Call;
use crate::packages;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::records::Listed;

/// Lists packages. Two round trips, and as many more as pages of the table were passed over.
pub(crate) async fn list(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::Read],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    let registry = &access.registry;
    let per_page = paging::per_page(call.query)?;
    let place = paging::place(call.query, registry.id)?;
    // No package has an empty name.
    let name = call.query.get_non_empty("name");

    let page = packages::list(&call.context, registry, name.as_deref(), place, per_page).await?;
    let urls = call.urls.registry(&registry.address);
    let address = |cursor: Option<(&str, String)>| {
        let mut parameters = vec![("per_page", per_page.to_string())];
        parameters.extend(name.as_ref().map(|name| ("name", name.clone())));
        parameters.extend(cursor);
        urls.packages(&parameters)
    };
    let cursor = |package: &Listed| Cursor::new(registry.id, package.id).to_string();
    let links = paging::links(call.query, &place, &page, cursor, address);
    views::list(&urls, &page.items, links)
}
