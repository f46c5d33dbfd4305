//! Generated policies, decided by the reader and by an evaluation of their JSON that shares no code with it.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::*;

const POLICIES: usize = 1_000;
const TOKENS: usize = 20;
const ISSUERS: [&str; 3] = [
    "https://a.example",
    "https://b.example/org/1",
    "https://a.example/",
];
const NAMES: [&str; 4] = ["ref", "repository", "number", "protected"];
const TEXTS: [&str; 10] = [
    "main",
    "refs/tags/v1",
    "refs/tags/v1.2",
    "a/app",
    "a/app2",
    "true",
    "7",
    "",
    "*",
    "v?",
];
const GLOBS: [&str; 8] = [
    "*",
    "refs/tags/v*",
    "?/app",
    "a/*",
    "*v1*",
    "",
    "??",
    "refs/*/v1.?",
];

#[test]
fn policies_decide_as_the_oracle_does() {
    let mut rng = Rng::with_seed(13);
    let mut decided = [0, 0];
    for round in 0..POLICIES {
        let policy = policy(&mut rng);
        let text = if rng.bool() {
            policy.to_string()
        } else {
            yaml(&policy, 0, &mut rng)
        };
        let read = Policy::read(&text).unwrap_or_else(|error| panic!("round {round}: {error:?}\n{text}"));
        for _ in 0..TOKENS {
            let issuer = pick(&mut rng, &ISSUERS);
            let claims = claims(&mut rng);
            let expected = expected_grant(&policy, issuer, &claims);
            let grant = read.decide(issuer, &claims);
            let found = grant.map(|grant| {
                (
                    grant.statement,
                    grant.scopes.iter().map(|scope| scope.as_str()).collect(),
                )
            });
            assert_eq!(found, expected, "round {round}: {issuer} {claims:?}\n{text}");
            decided[usize::from(found.is_some())] += 1;
        }
    }
    assert!(decided.iter().all(|count| *count > POLICIES), "{decided:?}");
}

fn expected_grant<'a>(
    policy: &'a Value,
    issuer: &str,
    claims: &Map<String, Value>,
) -> Option<(usize, Vec<&'a str>)> {
    for (index, statement) in policy.as_array().unwrap().iter().enumerate() {
        let rules = statement.get("claims").and_then(Value::as_object);
        let matches = rules.into_iter().flatten().all(|(name, rule)| {
            let Some(claim) = claims.get(name) else {
                return false;
            };
            match rule {
                Value::Object(matchers) => matchers.iter().all(|(name, value)| matcher(name, value, claim)),
                scalar => scalar == claim,
            }
        });
        if statement["iss"] == issuer && matches {
            let scopes = statement.get("scopes").and_then(Value::as_array);
            let named = scopes.map(|scopes| scopes.iter().map(|scope| scope.as_str().unwrap()).collect());
            return Some((
                index + 1,
                named.unwrap_or_else(|| vec!["read_packages", "write_packages"]),
            ));
        }
    }
    None
}

fn matcher(name: &str, value: &Value, claim: &Value) -> bool {
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let comparable = values.iter().any(|value| {
        (value.is_string() && claim.is_string())
            || (value.is_boolean() && claim.is_boolean())
            || (value.is_i64() && claim.is_i64())
    });
    match name {
        "equals" | "in" => values.contains(claim),
        "not_equals" | "not_in" => comparable && !values.contains(claim),
        "matches" => values.iter().any(|pattern| {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            claim
                .as_str()
                .is_some_and(|text| naive_glob(&chars(pattern.as_str().unwrap()), &chars(text)))
        }),
        _ => unreachable!(),
    }
}

fn naive_glob(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|taken| naive_glob(rest, &text[taken..])),
        [first, rest @ ..] => match text {
            [character, others @ ..] => (*first == '?' || first == character) && naive_glob(rest, others),
            [] => false,
        },
    }
}

fn policy(rng: &mut Rng) -> Value {
    let statements = (0..rng.usize(0..5)).map(|_| {
        let mut statement = Map::new();
        statement.insert("iss".into(), pick(rng, &ISSUERS).into());
        if rng.bool() {
            let mut scopes = vec!["read_packages", "write_packages", "delete_packages"];
            rng.shuffle(&mut scopes);
            scopes.truncate(rng.usize(1..=3));
            statement.insert("scopes".into(), json!(scopes));
        }
        if rng.u8(0..8) > 0 {
            let rules = (0..rng.usize(0..3)).map(|_| (pick(rng, &NAMES).to_owned(), rule(rng)));
            statement.insert("claims".into(), Value::Object(rules.collect()));
        }
        Value::Object(statement)
    });
    statements.collect::<Vec<_>>().into()
}

fn rule(rng: &mut Rng) -> Value {
    if rng.bool() {
        return scalar(rng);
    }
    let matchers = (0..rng.usize(1..3)).map(|_| match rng.u8(0..5) {
        0 => ("equals".to_owned(), scalar(rng)),
        1 => ("not_equals".to_owned(), scalar(rng)),
        2 => ("in".to_owned(), list(rng, scalar)),
        3 => ("not_in".to_owned(), list(rng, scalar)),
        _ if rng.bool() => ("matches".to_owned(), pick(rng, &GLOBS).into()),
        _ => ("matches".to_owned(), list(rng, |rng| pick(rng, &GLOBS).into())),
    });
    Value::Object(matchers.collect())
}

fn list(rng: &mut Rng, item: fn(&mut Rng) -> Value) -> Value {
    (0..rng.usize(1..4)).map(|_| item(rng)).collect()
}

fn scalar(rng: &mut Rng) -> Value {
    match rng.u8(0..6) {
        0 => rng.i64(-2..9).into(),
        1 => rng.bool().into(),
        _ => pick(rng, &TEXTS).into(),
    }
}

fn claims(rng: &mut Rng) -> Map<String, Value> {
    let claim = |rng: &mut Rng| match rng.u8(0..10) {
        0 => json!([pick(rng, &TEXTS)]),
        1 => json!(null),
        2 => json!({ "a": 1 }),
        _ => scalar(rng),
    };
    let present: Vec<_> = NAMES.into_iter().filter(|_| rng.u8(0..5) > 0).collect();
    present
        .into_iter()
        .map(|name| (name.to_owned(), claim(rng)))
        .collect()
}

fn pick<'a>(rng: &mut Rng, texts: &[&'a str]) -> &'a str {
    texts[rng.usize(..texts.len())]
}

/// The value as YAML: in blocks or brackets, texts with and without quotes.
fn yaml(value: &Value, depth: usize, rng: &mut Rng) -> String {
    let indent = "  ".repeat(depth);
    let nested = |value: &Value, rng: &mut Rng| {
        let is_empty =
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        let is_block = (value.is_array() || value.is_object()) && !is_empty && rng.bool();
        if is_block {
            format!("\n{}", yaml(value, depth + 1, rng))
        } else {
            format!(" {}\n", inline(value, rng))
        }
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| format!("{indent}-{}", nested(item, rng)));
            items.collect()
        }
        Value::Object(pairs) if !pairs.is_empty() => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| format!("{indent}{key}:{} # why\n", nested(value, rng).trim_end()));
            pairs.collect()
        }
        _ => format!("{indent}{value}\n"),
    }
}

fn inline(value: &Value, rng: &mut Rng) -> String {
    match value.as_str() {
        Some(text) if text.starts_with("refs/") && rng.bool() => text.to_owned(),
        Some(text) if rng.bool() => format!("'{text}'"),
        _ => value.to_string(),
    }
}
