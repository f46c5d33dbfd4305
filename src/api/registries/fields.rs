//! Fields of a registry, as a body has them.

use lambda_http::Body;

use super::policy_text;
use crate::error::{FieldError, Result};
use crate::json::{self, Field, Members};
use crate::json_value::Json;
use crate::records::Details;
use crate::registries::{Change, Changes, NewRegistry};
use crate::release::Reuse;

struct Fields {
    name: Field<String>,
    ecosystem: Field<String>,
    description: Field<String>,
    emoji: Field<String>,
    color: Field<String>,
    oidc_policy: Field<String>,
    team_ids: Field<Vec<String>>,
    reuse: Field<Reuse>,
}

/// Reads the body of a creation, in which null is as good as nothing.
///
/// # Errors
/// As of [`json::read`]; a 422 with every field of a wrong type.
pub(super) fn read_new(body: &Body) -> Result<NewRegistry> {
    let fields = Fields::read(body)?;
    Ok(NewRegistry {
        slug: None,
        ecosystem: fields.ecosystem.value(),
        details: Details {
            name: fields.name.value(),
            description: fields.description.value(),
            emoji: fields.emoji.value(),
            color: fields.color.value(),
            oidc_policy: fields.oidc_policy.value(),
            team_ids: fields.team_ids.value(),
            reuse: fields.reuse.value(),
        },
    })
}

/// Reads the body of an update, in which a field that is left out stays, and null clears.
///
/// # Errors
/// As of [`read_new`].
pub(super) fn read_changes(body: &Body) -> Result<Changes> {
    let fields = Fields::read(body)?;
    Ok(Changes {
        name: change(fields.name),
        ecosystem: change(fields.ecosystem),
        description: change(fields.description),
        emoji: change(fields.emoji),
        color: change(fields.color),
        oidc_policy: change(fields.oidc_policy),
        team_ids: change(fields.team_ids),
        reuse: change(fields.reuse),
    })
}

fn change<T>(field: Field<T>) -> Change<T> {
    match field {
        Field::Absent => Change::Keep,
        Field::Null => Change::Clear,
        Field::Value(value) => Change::Set(value),
    }
}

impl Fields {
    fn read(body: &Body) -> Result<Self> {
        let mut members = json::read(body)?;
        let fields = Self {
            name: members.text("name"),
            ecosystem: members.text("ecosystem"),
            description: members.text("description"),
            emoji: members.text("emoji"),
            color: members.text("color"),
            oidc_policy: policy(&mut members)?,
            team_ids: members.texts("team_ids"),
            reuse: members.take("reuse", "`never`, `same_bytes` or `any`", |value| match value {
                Json::Text(text) => text.parse().ok(),
                _ => None,
            }),
        };
        members.finish()?;
        Ok(fields)
    }
}

/// The policy's text: as it was sent, or written from a list of statements. An empty list is none.
fn policy(members: &mut Members) -> Result<Field<String>> {
    let sent = members.take(
        "oidc_policy",
        "YAML text or a list of statements",
        |value| match value {
            Json::Text(text) => Some(Ok(text)),
            Json::List(statements) => Some(Err(statements)),
            _ => None,
        },
    );
    Ok(match sent {
        Field::Absent => Field::Absent,
        Field::Null => Field::Null,
        Field::Value(Ok(text)) => Field::Value(text),
        Field::Value(Err(statements)) if statements.is_empty() => Field::Null,
        Field::Value(Err(statements)) => match policy_text::write(statements)? {
            Ok(text) => Field::Value(text),
            Err(mistakes) => {
                let mistakes: Vec<FieldError> = mistakes;
                members.refuse(mistakes);
                Field::Absent
            }
        },
    })
}
