//! A body of JSON as values, within bounds.

use lambda_http::Body;

use crate::error::{Error, FieldError, Result};
use crate::json_value::Json;

/// Bytes of a body. The longest valid texts take half of it.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// A member of an object: left out, null, or something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Field<T> {
    Absent,
    Null,
    Value(T),
}

impl<T> Field<T> {
    /// The value; none where it is left out or null.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

/// The members of a body, taken out one by one, and the mistakes that are found in them.
#[derive(Debug)]
pub(crate) struct Members {
    members: Vec<(String, Json)>,
    mistakes: Vec<FieldError>,
}

/// Reads a body, whatever its `Content-Type`: scripts rarely send the right one.
///
/// # Errors
/// 400 where it is not JSON, 413 where it is too large, 422 where it is not an object.
pub(crate) fn read(body: &Body) -> Result<Members> {
    let bytes: &[u8] = body.as_ref();
    if bytes.len() > MAX_BODY_BYTES {
        return Err(Error::DocumentTooLarge(MAX_BODY_BYTES));
    }
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(members)) => Ok(Members {
            members,
            mistakes: Vec::new(),
        }),
        Ok(_) => Err(Error::invalid(
            "body",
            "invalid_type",
            "The body is not a JSON object. Send the fields as one object: {\"name\": …}.",
        )),
        Err(_) if bytes.is_empty() => Err(Error::BadRequest(
            "The body is empty. Send the fields as a JSON object: {\"name\": …}.".to_owned(),
        )),
        Err(error) => Err(Error::BadRequest(format!(
            "The body is not valid JSON: {error}. Send the fields as a JSON object: {{\"name\": …}}."
        ))),
    }
}

impl Members {
    /// Takes a text.
    pub(crate) fn text(&mut self, name: &'static str) -> Field<String> {
        self.take(name, "a text", |value| match value {
            Json::Text(text) => Some(text),
            _ => None,
        })
    }

    /// Takes a list of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Field<Vec<String>> {
        self.take(name, "a list of texts", |value| {
            let Json::List(items) = value else {
                return None;
            };
            let texts = items.into_iter().map(|item| match item {
                Json::Text(text) => Some(text),
                _ => None,
            });
            texts.collect()
        })
    }

    /// Takes what `convert` accepts, which is `expected`.
    pub(crate) fn take<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        convert: impl FnOnce(Json) -> Option<T>,
    ) -> Field<T> {
        let Some(at) = self.members.iter().position(|(own, _)| own == name) else {
            return Field::Absent;
        };
        match self.members.swap_remove(at).1 {
            Json::Null => Field::Null,
            value => {
                let value = convert(value);
                if value.is_none() {
                    self.mistakes.push(FieldError {
                        field: name,
                        code: "invalid_type",
                        message: format!("`{name}` is not {expected}. Send {expected}."),
                    });
                }
                value.map_or(Field::Absent, Field::Value)
            }
        }
    }

    /// Adds mistakes that a caller found in a member.
    pub(crate) fn refuse(&mut self, mistakes: Vec<FieldError>) {
        self.mistakes.extend(mistakes);
    }

    /// Ends the reading. Members that were not taken are ignored.
    ///
    /// # Errors
    /// A 422 with every member of a wrong type.
    pub(crate) fn finish(self) -> Result<()> {
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.mistakes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(body: impl Into<Body>) -> u16 {
        let read = read(&body.into()).and_then(|mut members| {
            members.text("name");
            members.texts("team_ids");
            members.finish()
        });
        match read {
            Ok(()) => 200,
            Err(Error::BadRequest(_)) => 400,
            Err(Error::DocumentTooLarge(_)) => 413,
            Err(Error::Invalid(_)) => 422,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn bodies_are_objects_without_repeated_keys() {
        let deep = "[".repeat(1000);
        for (body, expected) in [
            (r#"{"name": "a", "other": [1, -1, 1.5, true, null, {}]}"#, 200),
            (r#"{"name": null, "team_ids": ["a"]}"#, 200),
            ("{}", 200),
            ("", 400),
            ("{", 400),
            (r#"{"name": "a"} x"#, 400),
            (r#"{"name": "a", "name": "a"}"#, 400),
            (r#"{"other": {"a": 1, "\u0061": 1}}"#, 400),
            (r#"{"name": "\ud800"}"#, 400),
            (r#"{"name": 1e999}"#, 400),
            (&deep, 400),
            ("[]", 422),
            (r#""name""#, 422),
            (r#"{"name": 1}"#, 422),
            (r#"{"team_ids": [1]}"#, 422),
            (r#"{"team_ids": "a"}"#, 422),
        ] {
            assert_eq!(status(body), expected, "{body}");
        }
        assert_eq!(status(Body::Empty), 400);
        assert_eq!(status(Body::Binary(b"{\"name\": \"\xff\"}".to_vec())), 400);
        assert_eq!(status(format!("{{}}{}", " ".repeat(MAX_BODY_BYTES))), 413);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut members = read(&r#"{"name": 1, "team_ids": 2}"#.into()).unwrap();
        assert_eq!(members.text("name"), Field::Absent);
        assert_eq!(members.texts("team_ids"), Field::Absent);
        let Err(Error::Invalid(mistakes)) = members.finish() else {
            panic!("mistakes");
        };
        let fields: Vec<_> = mistakes.iter().map(|mistake| mistake.field).collect();
        assert_eq!(fields, ["name", "team_ids"]);
    }
}
