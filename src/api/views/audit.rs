//! Bodies of audit events.

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};
use serde::Serialize;
use uuid::Uuid;

use super::Links;
use crate::error::Result;
use crate::http::json;
use crate::id::minted_at;
use crate::records::{ActorRecord, AuditEvent, Organization};
use crate::slug::Slug;
use crate::time::rfc3339_millis;
use crate::urls::Urls;

/// Every member of an event, whatever its kind; null where the kind has none.
#[derive(Serialize)]
struct EventBody<'a> {
    id: Uuid,
    url: String,
    action: &'a str,
    created_at: String,
    actor: ActorBody<'a>,
    subject: SubjectBody<'a>,
}

#[derive(Serialize)]
struct ActorBody<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Uuid,
    name: Option<&'a str>,
    email: Option<&'a str>,
    issuer: Option<&'a str>,
    subject: Option<&'a str>,
    statement: Option<u64>,
    access_key_id: Option<&'a str>,
}

#[derive(Serialize)]
struct SubjectBody<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Uuid,
    name: Option<&'a str>,
    version: Option<&'a str>,
    /// Left out where there is none, as in every answer before there were tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    registry_id: Option<Uuid>,
    registry: Option<&'a Slug>,
}

#[derive(Serialize)]
struct ListBody<'a> {
    items: Vec<EventBody<'a>>,
    links: Links,
}

/// 200 with an audit event.
pub(crate) fn audit_event(
    urls: &Urls,
    organization: &Organization,
    event: &AuditEvent,
) -> Result<Response<Body>> {
    json(StatusCode::OK, &body(urls, organization, event))
}

/// 200 with a page of audit events.
pub(crate) fn audit_events(
    urls: &Urls,
    organization: &Organization,
    events: &[AuditEvent],
    links: Links,
) -> Result<Response<Body>> {
    let items = events
        .iter()
        .map(|event| body(urls, organization, event))
        .collect();
    let body = ListBody { items, links };
    let mut response = json(StatusCode::OK, &body)?;
    body.links.add_to(&mut response);
    Ok(response)
}

fn body<'a>(urls: &Urls, organization: &Organization, event: &'a AuditEvent) -> EventBody<'a> {
    let subject = &event.subject;
    EventBody {
        id: event.id,
        url: urls.audit_event(&organization.slug, event.id),
        action: &event.action,
        created_at: rfc3339_millis(minted_at(event.id)),
        actor: actor(&event.actor),
        subject: SubjectBody {
            kind: &subject.kind,
            id: subject.id,
            name: subject.name.as_deref(),
            version: subject.version.as_deref(),
            tag: subject.tag.as_deref(),
            registry_id: subject.registry_id,
            registry: subject.registry.as_ref(),
        },
    }
}

fn actor(actor: &ActorRecord) -> ActorBody<'_> {
    ActorBody {
        kind: &actor.kind,
        id: actor.id,
        name: actor.name.as_deref(),
        email: actor.email.as_deref(),
        issuer: actor.issuer.as_deref(),
        subject: actor.subject.as_deref(),
        statement: actor.statement,
        access_key_id: actor.access_key_id.as_deref(),
    }
}
