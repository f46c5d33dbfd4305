//! Bounds of what clients choose. Beyond them a text is refused, never altered: clients compare it.

use crate::error::{Error, FieldError, Result};
use crate::oidc::Policy;
use crate::records::Details;
use crate::slug::Slug;

/// Bytes of a name.
const MAX_NAME_BYTES: usize = 255;
/// Bytes of a description.
const MAX_DESCRIPTION_BYTES: usize = 4096;
/// Bytes of an emoji or its name, of a color, and of a team's id.
const MAX_SHORT_BYTES: usize = 100;
/// Teams of a registry.
const MAX_TEAMS: usize = 100;

/// Checks all properties.
///
/// # Errors
/// A 422 with every property that is not valid.
pub(super) fn check(details: &Details) -> Result<()> {
    let mut mistakes = Vec::new();
    if let Some(name) = &details.name {
        mistakes.extend(name_mistake(name));
    }
    for (field, text, most) in [
        ("description", &details.description, MAX_DESCRIPTION_BYTES),
        ("emoji", &details.emoji, MAX_SHORT_BYTES),
        ("color", &details.color, MAX_SHORT_BYTES),
    ] {
        mistakes.extend(text.as_ref().and_then(|text| too_long(field, text, most)));
    }
    if let Some(Err(mistakes_of_policy)) = details.oidc_policy.as_deref().map(Policy::read) {
        mistakes.extend(mistakes_of_policy);
    }
    let teams = details.team_ids.as_deref().unwrap_or_default();
    if teams.len() > MAX_TEAMS {
        let message = format!("`team_ids` has more than {MAX_TEAMS} ids. Send at most that many.");
        mistakes.push(mistake("team_ids", "too_long", message));
    }
    let too_long_team = |team: &String| too_long("team_ids", team, MAX_SHORT_BYTES);
    mistakes.extend(teams.iter().find_map(too_long_team));
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(mistakes))
    }
}

/// Mistake in a name: one that gives no slug is refused for a rename as well, although the slug stays.
fn name_mistake(name: &str) -> Option<FieldError> {
    too_long("name", name, MAX_NAME_BYTES).or_else(|| {
        let message = "`name` does not make a slug. Use a name with 1 to 100 letters a-z and digits; \
                       everything between them becomes a single `-`.";
        let is_usable = Slug::of_name(name).is_some();
        (!is_usable).then(|| mistake("name", "invalid", message))
    })
}

fn too_long(field: &'static str, text: &str, max_bytes: usize) -> Option<FieldError> {
    (text.len() > max_bytes).then(|| {
        let message = match field {
            "team_ids" => format!("`team_ids` has an id of more than {max_bytes} bytes. Send ids of teams."),
            _ => format!("`{field}` is longer than {max_bytes} bytes. Shorten it."),
        };
        mistake(field, "too_long", message)
    })
}

pub(super) fn mistake(field: &'static str, code: &'static str, message: impl Into<String>) -> FieldError {
    FieldError {
        field,
        code,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields at fault, with their codes.
    fn mistakes(details: &Details) -> Vec<(&'static str, &'static str)> {
        match check(details) {
            Ok(()) => Vec::new(),
            Err(Error::Invalid(mistakes)) => {
                let told = mistakes.iter().map(|mistake| (mistake.field, mistake.code));
                told.collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn details(of: impl Fn(usize) -> usize) -> Details {
        let text = |most: usize| Some("x".repeat(of(most)));
        Details {
            // The slug is shorter: most of the name is white space.
            name: Some(format!("a{}", " ".repeat(of(MAX_NAME_BYTES) - 1))),
            description: text(MAX_DESCRIPTION_BYTES),
            emoji: text(MAX_SHORT_BYTES),
            color: text(MAX_SHORT_BYTES),
            oidc_policy: Some(format!("[{}]", " ".repeat(of(16 * 1024) - 2))),
            team_ids: Some(vec!["x".repeat(of(MAX_SHORT_BYTES)); MAX_TEAMS]),
            reuse: None,
        }
    }

    #[test]
    fn every_text_has_a_bound() {
        assert_eq!(mistakes(&details(|most| most)), []);
        let expected = ["name", "description", "emoji", "color", "oidc_policy", "team_ids"];
        assert_eq!(
            mistakes(&details(|most| most + 1)),
            expected.map(|field| (field, "too_long"))
        );
        let teams = Some(vec![String::new(); MAX_TEAMS + 1]);
        let many = Details {
            team_ids: teams,
            ..Details::default()
        };
        assert_eq!(mistakes(&many), [("team_ids", "too_long")]);
    }

    #[test]
    fn empty_texts_are_values() {
        let empty = || Some(String::new());
        let empty = Details {
            name: None,
            description: empty(),
            emoji: empty(),
            color: empty(),
            oidc_policy: empty(),
            team_ids: Some(Vec::new()),
            reuse: None,
        };
        assert_eq!(mistakes(&empty), []);
        let nameless = Details {
            name: Some(String::new()),
            ..Details::default()
        };
        assert_eq!(mistakes(&nameless), [("name", "invalid")]);
    }
}
