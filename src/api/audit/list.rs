//! `GET …/audit_events`: newest first, a page at a time.

use lambda_http::{Body, Response};

use crate::api::cursor::Cursor;
use crate::api::{paging, views};
use crate::audit;
use crate::error::Result;
use crate::http::Call;
use crate::path::OrganizationPath;
use crate::permission::Permission;
use crate::records::AuditEvent;

/// Lists audit events. Two round trips.
pub(crate) async fn list(call: &Call<'_>, path: &OrganizationPath) -> Result<Response<Body>> {
    let access = call
        .authorize_organization(path, &[Permission::ReadAuditEvents])
        .await?;
    access.check_unrestricted()?;
    let organization = &access.organization;
    let per_page = paging::per_page(call.query)?;
    let place = paging::place(call.query, organization.id)?;

    let page = audit::list(&call.context.records, organization, place, per_page).await?;
    let address = |cursor: Option<(&str, String)>| {
        let mut parameters = vec![("per_page", per_page.to_string())];
        parameters.extend(cursor);
        call.urls.audit_events(&organization.slug, &parameters)
    };
    let cursor = |event: &AuditEvent| Cursor::new(organization.id, event.id).to_string();
    let links = paging::links(call.query, &place, &page, cursor, address);
    views::audit_events(call.urls, organization, &page.items, links)
}
