//! Deeds on an organization's audit events: list and get. The changes themselves write them.

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::id::uuid_in_address;
use crate::records::{AuditEvent, Organization, Page, Place, Records};

/// Lists the `per_page` events at `place`. One round trip.
pub(crate) async fn list(
    records: &Records,
    organization: &Organization,
    place: Place<Uuid>,
    per_page: usize,
) -> Result<Page<AuditEvent>> {
    let (direction, start) = place.start();
    let events = records
        .audit_events(organization.id, direction, start, per_page + 1)
        .await?;
    Ok(place.page(events, per_page))
}

/// Gets the event that an address calls `id`. One round trip, and none for what is not an id.
///
/// # Errors
/// [`Error::NotFound`] without such an event, or after its year.
pub(crate) async fn get(records: &Records, organization: &Organization, id: &str) -> Result<AuditEvent> {
    let event = match uuid_in_address(id) {
        Some(id) => records.audit_event(organization.id, id).await?,
        None => None,
    };
    event.ok_or_else(|| {
        Error::NotFound(
            "This organization has no audit event of that id. Events are kept for a year.".to_owned(),
        )
    })
}
