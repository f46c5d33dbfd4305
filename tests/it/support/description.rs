//! `openapi.yaml`, held against every answer that a test receives.

use std::sync::LazyLock;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::answer::Answer;

/// The description as it is served.
pub(crate) static DESCRIPTION: LazyLock<Value> =
    LazyLock::new(|| serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).expect("YAML"));

/// The path of the description that `path` is one of.
fn documented(path: &str) -> Option<&'static Value> {
    let paths = DESCRIPTION["paths"].as_object().expect("paths");
    let fits = |template: &str| {
        let (named, given) = (template.split('/'), path.split('/'));
        let fits =
            |(named, given): (&str, &str)| named == given || named.starts_with('{') && !given.is_empty();
        named.clone().count() == given.clone().count() && named.zip(given).all(fits)
    };
    let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    // A path that is written out is meant before one that is named.
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    fitting.first().map(|(_, path)| *path)
}

/// Asserts that the answer to `method` and `path` is one that the description has: its status, its
/// headers, and its body to the last member.
#[track_caller]
pub(crate) fn assert_described(method: &Method, path: &str, answer: &Answer) {
    let case = || format!("{method} {path}: {} {:?}", answer.status, answer.body);
    let status = answer.status.as_str();
    // The API takes every spelling of a path, the description has one.
    let path = percent_decode_str(path).decode_utf8_lossy();
    let of = |method: &Method| documented(&path)?.get(method.as_str().to_ascii_lowercase());
    let as_get = || of(&Method::GET).filter(|_| method == Method::HEAD);
    let operation = of(method).or_else(as_get);
    let Some(operation) = operation else {
        assert!(
            ["400", "404", "405"].contains(&status),
            "no such call, {}",
            case()
        );
        return;
    };
    let response = operation["responses"].get(status);
    let response = resolved(response.unwrap_or_else(|| panic!("an undocumented status, {}", case())));
    let headers = response["headers"].as_object();
    for (name, header) in headers.into_iter().flatten() {
        let required = resolved(header)["required"] == Value::Bool(true);
        assert!(
            !required || answer.header(name).is_some(),
            "without {name}, {}",
            case()
        );
    }
    let content = response["content"]
        .as_object()
        .and_then(|content| content.iter().next());
    match content {
        _ if method == Method::HEAD => assert!(answer.body.is_empty(), "{}", case()),
        None => assert!(answer.body.is_empty(), "an undocumented body, {}", case()),
        Some((content_type, content)) => {
            assert_eq!(
                answer.header("content-type"),
                Some(content_type.as_str()),
                "{}",
                case()
            );
            if content_type == "application/json"
                && let Err(wrong) = check(&answer.json(), &content["schema"], "body")
            {
                panic!("{wrong}, {}", case());
            }
        }
    }
}

/// Target of a `$ref`.
pub(crate) fn resolved(value: &'static Value) -> &'static Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let pointer = reference.strip_prefix('#').expect("a place in the same document");
            resolved(DESCRIPTION.pointer(pointer).expect("what is referred to"))
        }
        None => value,
    }
}

/// Whether `value` is as `schema` says. Knows what this description uses of JSON Schema, and refuses
/// what it does not know.
fn check(value: &Value, schema: &'static Value, place: &str) -> Result<(), String> {
    let schema = resolved(schema);
    for (keyword, rule) in schema.as_object().expect("a schema") {
        let holds = match keyword.as_str() {
            "description" => true,
            "type" => one_or_many(rule).any(|kind| is(value, kind)),
            "const" => value == rule,
            "enum" => rule.as_array().expect("values").contains(value),
            "minimum" => value.as_u64() >= rule.as_u64(),
            "pattern" => value
                .as_str()
                .is_none_or(|text| is_hex(text, rule.as_str().expect("a pattern"))),
            "format" => value
                .as_str()
                .is_none_or(|text| has_format(text, rule.as_str().expect("a format"))),
            "oneOf" => {
                let branches = rule.as_array().expect("schemas").iter();
                branches
                    .filter_map(|branch| check(value, branch, place).ok())
                    .count()
                    == 1
            }
            "required" => one_or_many(rule).all(|name| value.get(name).is_some()),
            "additionalProperties" => {
                let known = schema["properties"].as_object().expect("properties");
                let members = value.as_object().into_iter().flatten();
                *rule == Value::Bool(false) && members.into_iter().all(|(name, _)| known.contains_key(name))
            }
            "properties" => {
                for (name, schema) in rule.as_object().expect("properties") {
                    if let Some(member) = value.get(name) {
                        check(member, schema, &format!("{place}.{name}"))?;
                    }
                }
                true
            }
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, &format!("{place}[{number}]"))?;
                }
                true
            }
            _ => panic!("{keyword} of {place} is new to the tests"),
        };
        if !holds {
            return Err(format!("{place} is not of `{keyword}: {rule}`"));
        }
    }
    Ok(())
}

fn one_or_many(rule: &'static Value) -> impl Iterator<Item = &'static str> {
    let one = rule.as_str().into_iter();
    let many = rule
        .as_array()
        .into_iter()
        .flatten()
        .map(|word| word.as_str().expect("a word"));
    one.chain(many)
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => panic!("the type {kind} is new to the tests"),
    }
}

/// `^[0-9a-f]{64}$` and its like.
fn is_hex(text: &str, pattern: &str) -> bool {
    let length = pattern
        .strip_prefix("^[0-9a-f]{")
        .and_then(|rest| rest.strip_suffix("}$"));
    let length: usize = length
        .and_then(|length| length.parse().ok())
        .expect("a pattern that the tests know");
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn has_format(text: &str, format: &str) -> bool {
    match format {
        "uuid" => uuid::Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text),
        "date-time" => text.len() == "2026-01-02T03:04:05.678Z".len() && text.ends_with('Z'),
        _ => panic!("the format {format} is new to the tests"),
    }
}
