//! A rule for one claim: matchers that must all hold.

use serde_json::Value as Claim;

use super::document::{Fault, Node, Value};
use super::glob::Glob;

/// Bytes of a value or a pattern.
const MAX_VALUE_BYTES: usize = 1024;

/// Claims that are numbers in every token (RFC 7519, section 4.1).
const NUMERIC_CLAIMS: [&str; 3] = ["exp", "iat", "nbf"];

const MATCHERS: &str = "The matchers are `equals`, `not_equals`, `in`, `not_in` and `matches`.";

/// The matchers for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule(Vec<Matcher>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Matcher {
    Equals(Scalar),
    NotEquals(Scalar),
    In(Vec<Scalar>),
    NotIn(Vec<Scalar>),
    Matches(Vec<Glob>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Scalar {
    Text(String),
    Integer(i64),
    Bool(bool),
}

impl Rule {
    /// Reads the rule for `claim`: a scalar, or a mapping of matchers.
    pub(super) fn read(claim: &str, node: &Node) -> Result<Self, Fault> {
        let Value::Map(pairs) = &node.value else {
            if matches!(node.value, Value::List(_)) {
                let message = format!("The rule for `{claim}` is a list. Write it as `in: […]`.");
                return Err(node.fault(message));
            }
            return Ok(Self(vec![Matcher::Equals(scalar(claim, node)?)]));
        };
        if pairs.is_empty() {
            return Err(node.fault(format!("The rule for `{claim}` has no matcher. {MATCHERS}")));
        }
        let matchers = pairs
            .iter()
            .map(|(name, value)| Matcher::read(claim, name, value));
        matchers.collect::<Result<_, _>>().map(Self)
    }

    /// Whether all matchers hold. None does for a list, an object or null, nor for a claim of another
    /// type than the values that it is compared with: `not_equals: 7` does not let `"7"` pass.
    pub(super) fn holds(&self, claim: &Claim) -> bool {
        self.0.iter().all(|matcher| matcher.holds(claim))
    }
}

impl Matcher {
    fn read(claim: &str, name: &str, node: &Node) -> Result<Self, Fault> {
        match name {
            "equals" => scalar(claim, node).map(Self::Equals),
            "not_equals" => scalar(claim, node).map(Self::NotEquals),
            "in" => scalars(claim, name, node).map(Self::In),
            "not_in" => scalars(claim, name, node).map(Self::NotIn),
            "matches" => globs(claim, node).map(Self::Matches),
            _ => Err(node.fault(format!("`{name}` is not a matcher. {MATCHERS}"))),
        }
    }

    fn holds(&self, claim: &Claim) -> bool {
        match self {
            Self::Equals(value) => value.equals(claim) == Some(true),
            Self::NotEquals(value) => value.equals(claim) == Some(false),
            Self::In(values) => values.iter().any(|value| value.equals(claim) == Some(true)),
            Self::NotIn(values) => {
                let mut comparable = values.iter().filter_map(|value| value.equals(claim)).peekable();
                comparable.peek().is_some() && comparable.all(|equal| !equal)
            }
            Self::Matches(globs) => claim
                .as_str()
                .is_some_and(|text| globs.iter().any(|glob| glob.matches(text))),
        }
    }
}

impl Scalar {
    /// Whether the claim is this value; none where the two are of different types.
    fn equals(&self, claim: &Claim) -> Option<bool> {
        match (self, claim) {
            (Self::Text(text), Claim::String(claim)) => Some(text == claim),
            (Self::Integer(number), Claim::Number(claim)) => claim.as_i64().map(|claim| *number == claim),
            (Self::Bool(value), Claim::Bool(claim)) => Some(value == claim),
            _ => None,
        }
    }
}

fn scalar(claim: &str, node: &Node) -> Result<Scalar, Fault> {
    match &node.value {
        Value::Text(text) => bounded(claim, text, node).map(|text| Scalar::Text(text.to_owned())),
        Value::Integer(number) => Ok(Scalar::Integer(*number)),
        Value::Bool(value) => Ok(Scalar::Bool(*value)),
        Value::OtherNumber => Err(node.fault(format!(
            "The value for `{claim}` is a number that is not a plain integer. Put it in quotes to compare it \
             as text."
        ))),
        Value::Null => Err(node.fault(format!(
            "The value for `{claim}` is missing. Expected a text, an integer, `true` or `false`."
        ))),
        Value::List(_) | Value::Map(_) => Err(node.fault(format!(
            "A value for `{claim}` is a list or a mapping. Expected a text, an integer, `true` or `false`."
        ))),
    }
}

fn scalars(claim: &str, matcher: &str, node: &Node) -> Result<Vec<Scalar>, Fault> {
    match &node.value {
        Value::List(items) if !items.is_empty() => items.iter().map(|item| scalar(claim, item)).collect(),
        _ => Err(node.fault(format!(
            "`{matcher}` of `{claim}` is not a list of values. Expected at least one value, as in \
             `{matcher}: [main, develop]`."
        ))),
    }
}

fn globs(claim: &str, node: &Node) -> Result<Vec<Glob>, Fault> {
    if NUMERIC_CLAIMS.contains(&claim) {
        let message = format!("`{claim}` is a number in every token, and `matches` compares texts only.");
        return Err(node.fault(message));
    }
    let glob = |node: &Node| {
        match &node.value {
        Value::Text(pattern) => bounded(claim, pattern, node).map(Glob::new),
        _ => Err(node.fault(format!(
            "A pattern for `{claim}` is not a text. Put it in quotes, or compare numbers and truth values with \
             `equals` or `in`."
        ))),
    }
    };
    match &node.value {
        Value::List(items) if items.is_empty() => Err(node.fault(format!(
            "`matches` of `{claim}` has no pattern. Expected at least one."
        ))),
        Value::List(items) => items.iter().map(glob).collect(),
        _ => glob(node).map(|glob| vec![glob]),
    }
}

fn bounded<'a>(claim: &str, text: &'a str, node: &Node) -> Result<&'a str, Fault> {
    if text.len() > MAX_VALUE_BYTES {
        let message = format!("A value for `{claim}` is longer than {MAX_VALUE_BYTES} bytes. Shorten it.");
        return Err(node.fault(message));
    }
    Ok(text)
}
