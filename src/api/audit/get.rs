//! `GET …/audit_events/{event}`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::audit;
use crate::error::Result;
use crate::http::Call;
use crate::path::EventPath;
use crate::permission::Permission;

/// Gets an audit event. Two round trips: the organization's id is part of its key.
pub(crate) async fn get(call: &Call<'_>, path: &EventPath) -> Result<Response<Body>> {
    let access = call
        .authorize_organization(&path.organization, &[Permission::ReadAuditEvents])
        .await?;
    access.check_unrestricted()?;
    let event = audit::get(&call.context.records, &access.organization, &path.id).await?;
    views::audit_event(call.urls, &access.organization, &event)
}
