//! The YAML text of an OIDC policy that was sent as a list: clients that read it expect a text.

use crate::error::{Error, FieldError, Result};
use crate::json_value::Json;
use crate::oidc::Policy;

/// Writes statements as YAML, the same for the same statements; or answers their mistakes.
///
/// # Errors
/// [`Error::Internal`] where the text does not mean what was sent.
pub(super) fn write(statements: Vec<Json>) -> Result<Result<String, Vec<FieldError>>> {
    let statements = Json::List(statements);
    let json = serde_json::to_string(&statements).map_err(|error| Error::Internal(error.to_string()))?;
    let policy = match Policy::read(&json) {
        Ok(policy) => policy,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let mut text = String::new();
    write_block(&mut text, &statements, 0);
    match Policy::read(&text) {
        Ok(written) if written != policy => Err(Error::Internal(
            "a policy was not written as it was read".to_owned(),
        )),
        // A text can be longer than what it was written from.
        written => Ok(written.map(|_| text)),
    }
}

/// Writes a value whose first line has been indented already, and ends it with a line break.
fn write_block(text: &mut String, value: &Json, indent: usize) {
    match value {
        Json::List(items) if !items.is_empty() => {
            for (number, item) in items.iter().enumerate() {
                begin_line(text, indent, number);
                text.push_str("- ");
                write_block(text, item, indent + 2);
            }
        }
        Json::Object(members) if !members.is_empty() => {
            for (number, (name, value)) in members.iter().enumerate() {
                begin_line(text, indent, number);
                write_text(text, name);
                text.push(':');
                let is_block = match value {
                    Json::List(items) => !items.is_empty(),
                    Json::Object(members) => !members.is_empty(),
                    _ => false,
                };
                if is_block {
                    text.push('\n');
                    text.push_str(&" ".repeat(indent + 2));
                    write_block(text, value, indent + 2);
                } else {
                    text.push(' ');
                    write_block(text, value, indent + 2);
                }
            }
        }
        scalar => {
            write_scalar(text, scalar);
            text.push('\n');
        }
    }
}

/// Indents a line; the first one of a block has been.
fn begin_line(text: &mut String, indent: usize, number: usize) {
    if number > 0 {
        text.push_str(&" ".repeat(indent));
    }
}

fn write_scalar(text: &mut String, value: &Json) {
    match value {
        Json::Null => text.push_str("null"),
        Json::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Json::Number(number) => text.push_str(&number.to_string()),
        Json::Text(value) => write_text(text, value),
        Json::List(_) => text.push_str("[]"),
        Json::Object(_) => text.push_str("{}"),
    }
}

/// Writes a text plainly where no reader of YAML takes it for anything else, and else in double quotes.
fn write_text(text: &mut String, value: &str) {
    let is_plain = value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | '/'))
        && !matches!(
            value.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if is_plain {
        text.push_str(value);
        return;
    }
    text.push('"');
    for character in value.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            ' '..='~' => text.push(character),
            _ if character.is_alphanumeric() => text.push(character),
            _ => match u32::from(character) {
                code @ ..=0xFFFF => text.push_str(&format!("\\u{code:04X}")),
                code => text.push_str(&format!("\\U{code:08X}")),
            },
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> Result<String, Vec<FieldError>> {
        let Ok(Json::List(statements)) = serde_json::from_str(json) else {
            panic!("a list: {json}");
        };
        write(statements).expect("it means what was sent")
    }

    #[test]
    fn lists_of_the_go_client_become_yaml() {
        let text = written(
            r#"[{"iss":"https://agent.buildkite.com","scopes":["read_packages"],
                 "claims":{"organization_slug":{"equals":"my-org"},"build_branch":{"matches":["main","v*"]},
                           "build_number":{"not_in":[1,-2]}}},
                {"iss":"https://token.actions.githubusercontent.com","claims":null}]"#,
        );
        let expected = "\
- iss: \"https://agent.buildkite.com\"
  scopes:
    - read_packages
  claims:
    organization_slug:
      equals: my-org
    build_branch:
      matches:
        - main
        - \"v*\"
    build_number:
      not_in:
        - 1
        - -2
- iss: \"https://token.actions.githubusercontent.com\"
  claims: null
";
        assert_eq!(text.as_deref(), Ok(expected));
    }

    #[test]
    fn texts_mean_the_same_in_yaml() {
        for text in [
            "",
            " ",
            "null",
            "True",
            "1",
            "1e3",
            "0x1f",
            "-",
            "- a",
            "a: b",
            "a #b",
            "#",
            "&a",
            "*a",
            "!a",
            "'a'",
            "\"a\\",
            "a\nb\r\n\tc",
            "größe",
            "💎 \u{85}\u{2028}\u{feff}\u{7f}\u{0}",
            "https://example.com/?a=b&c=*",
        ] {
            let json = serde_json::json!([{ "iss": "https://a.example", "claims": { "c": text, text: 1 } }]);
            // The written text is compared with what was sent there.
            let written = written(&json.to_string());
            assert!(written.is_ok(), "{text:?}: {written:?}");
        }
    }

    #[test]
    fn mistakes_name_their_statement() {
        let mistakes = written(r#"[{"iss":"https://a.example"},{"iss":1}]"#).unwrap_err();
        assert_eq!(mistakes.len(), 1);
        assert!(mistakes[0].message.starts_with("Statement 2: "), "{mistakes:?}");
    }
}
