//! The OIDC policy of a registry: which tokens of which issuers may do what.
//!
//! A policy is a list of statements, in YAML or JSON. The first statement whose issuer and claims match
//! a token decides:
//!
//! ```yaml
//! - iss: https://token.actions.githubusercontent.com
//!   scopes: [read_packages, write_packages]
//!   claims:
//!     repository: example/app
//!     ref:
//!       matches: refs/tags/v*
//! ```

use lambda_http::http::Uri;
use serde_json::{Map, Value as Claim};

use crate::error::FieldError;
use crate::scope::Scope;
use document::{Fault, Node, Value};
use rule::Rule;

mod document;
mod glob;
#[cfg(test)]
mod oracle;
mod rule;
#[cfg(test)]
mod tests;

/// Bytes of a policy's text, which is part of its registry's record and read with every call.
pub const MAX_POLICY_BYTES: usize = 16 * 1024;
/// Statements of a policy.
pub const MAX_STATEMENTS: usize = 50;
/// Mistakes that are told at once.
const MAX_MISTAKES: usize = 10;
/// Bytes of an issuer's address.
const MAX_ISSUER_BYTES: usize = 512;

/// Scopes that a statement may grant.
const GRANTABLE: [Scope; 3] = [Scope::ReadPackages, Scope::WritePackages, Scope::DeletePackages];
/// Scopes of a statement that names none.
const DEFAULT_SCOPES: [Scope; 2] = [Scope::ReadPackages, Scope::WritePackages];

/// Statements, tried in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy(Vec<Statement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    issuer: String,
    scopes: Vec<Scope>,
    claims: Vec<(String, Rule)>,
}

/// Grant of a policy to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant<'a> {
    /// The statement that decided, counted from 1.
    pub statement: usize,
    /// Its scopes.
    pub scopes: &'a [Scope],
}

impl Policy {
    /// Reads a policy. An empty text, `null` and `[]` are policies that no token matches.
    ///
    /// # Errors
    /// The mistakes of `oidc_policy`, at most one for each statement, with statement and line.
    pub fn read(text: &str) -> Result<Self, Vec<FieldError>> {
        if text.len() > MAX_POLICY_BYTES {
            let message = format!("The policy is longer than {MAX_POLICY_BYTES} bytes. Shorten it.");
            return Err(vec![mistake("too_long", message)]);
        }
        let root = document::read(text).map_err(|fault| vec![explain(None, &fault)])?;
        let statements = match &root.value {
            Value::Null => &[],
            Value::List(statements) => statements.as_slice(),
            _ => {
                let fault =
                    root.fault("A policy is a list of statements. Begin each one with `- iss: https://…`.");
                return Err(vec![explain(None, &fault)]);
            }
        };
        if statements.len() > MAX_STATEMENTS {
            let message =
                format!("The policy has more than {MAX_STATEMENTS} statements. Merge some with `in`.");
            return Err(vec![mistake("too_long", message)]);
        }
        let mut mistakes = Vec::new();
        let mut policy = Vec::new();
        for (number, node) in (1..).zip(statements) {
            match Statement::read(node) {
                Ok(statement) => policy.push(statement),
                Err(fault) => mistakes.push(explain(Some(number), &fault)),
            }
        }
        mistakes.truncate(MAX_MISTAKES);
        if mistakes.is_empty() {
            Ok(Self(policy))
        } else {
            Err(mistakes)
        }
    }

    /// Whether a statement names this issuer, which is the condition for contacting it.
    #[must_use]
    pub fn names_issuer(&self, issuer: &str) -> bool {
        self.0.iter().any(|statement| statement.issuer == issuer)
    }

    /// The first statement that matches a verified token of `issuer`, if any.
    #[must_use]
    pub fn decide(&self, issuer: &str, claims: &Map<String, Claim>) -> Option<Grant<'_>> {
        let numbered = (1..).zip(&self.0);
        let (statement, found) = numbered
            .into_iter()
            .find(|(_, statement)| statement.matches(issuer, claims))?;
        Some(Grant {
            statement,
            scopes: &found.scopes,
        })
    }
}

impl Statement {
    fn read(node: &Node) -> Result<Self, Fault> {
        let Value::Map(pairs) = &node.value else {
            return Err(
                node.fault("It is not a mapping. Expected `iss`, and optionally `scopes` and `claims`.")
            );
        };
        let mut issuer = None;
        let mut scopes = DEFAULT_SCOPES.to_vec();
        let mut claims = Vec::new();
        for (key, value) in pairs {
            match key.as_str() {
                "iss" => issuer = Some(read_issuer(value)?),
                "scopes" => scopes = read_scopes(value)?,
                "claims" => claims = read_claims(value)?,
                _ => {
                    return Err(value.fault(format!(
                        "`{key}` is not a key of a statement. Its keys are `iss`, `scopes` and `claims`; rules for \
                         claims stand under `claims`."
                    )));
                }
            }
        }
        let Some(issuer) = issuer else {
            return Err(node.fault("`iss` is missing. Add the issuer's address, as its tokens have it."));
        };
        Ok(Self {
            issuer,
            scopes,
            claims,
        })
    }

    fn matches(&self, issuer: &str, claims: &Map<String, Claim>) -> bool {
        let holds = |(name, rule): &(String, Rule)| claims.get(name).is_some_and(|claim| rule.holds(claim));
        self.issuer == issuer && self.claims.iter().all(holds)
    }
}

fn read_issuer(node: &Node) -> Result<String, Fault> {
    let expected =
        "Expected an address such as https://token.actions.githubusercontent.com, without a query.";
    let Value::Text(issuer) = &node.value else {
        return Err(node.fault(format!("`iss` is not a text. {expected}")));
    };
    if issuer.len() > MAX_ISSUER_BYTES || !is_issuer(issuer) {
        return Err(node.fault(format!("`iss` is not the address of an issuer. {expected}")));
    }
    Ok(issuer.clone())
}

/// Whether the text is an address that keys may be fetched from. `http` is only of use on loopback,
/// where a deployment allows it.
fn is_issuer(issuer: &str) -> bool {
    let Ok(uri) = issuer.parse::<Uri>() else {
        return false;
    };
    let is_address = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    matches!(uri.scheme_str(), Some("https" | "http"))
        && is_address
        && uri.query().is_none()
        && !issuer.contains('#')
}

fn read_scopes(node: &Node) -> Result<Vec<Scope>, Fault> {
    let known = GRANTABLE.map(Scope::as_str).join("`, `");
    let items = match &node.value {
        Value::Null => return Ok(DEFAULT_SCOPES.to_vec()),
        Value::List(items) if !items.is_empty() => items,
        _ => {
            return Err(node.fault(format!(
                "`scopes` is not a list of scopes. Expected some of `{known}`."
            )));
        }
    };
    let mut scopes = Vec::new();
    for item in items {
        let scope = match &item.value {
            Value::Text(name) => GRANTABLE.into_iter().find(|scope| scope.as_str() == name),
            _ => None,
        };
        let Some(scope) = scope else {
            return Err(item.fault(format!(
                "`scopes` has one that a policy cannot grant. Expected some of `{known}`."
            )));
        };
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}

fn read_claims(node: &Node) -> Result<Vec<(String, Rule)>, Fault> {
    match &node.value {
        Value::Null => Ok(Vec::new()),
        Value::Map(pairs) => pairs
            .iter()
            .map(|(name, rule)| Ok((name.clone(), Rule::read(name, rule)?)))
            .collect(),
        _ => Err(node.fault("`claims` is not a mapping. Expected the names of claims, each with its rule.")),
    }
}

fn explain(statement: Option<usize>, fault: &Fault) -> FieldError {
    let place = match (statement, fault.line) {
        (Some(number), Some(line)) => format!("Statement {number}, line {line}: "),
        (Some(number), None) => format!("Statement {number}: "),
        (None, Some(line)) => format!("Line {line}: "),
        (None, None) => String::new(),
    };
    mistake("invalid_policy", place + &fault.message)
}

fn mistake(code: &'static str, message: String) -> FieldError {
    FieldError {
        field: "oidc_policy",
        code,
        message,
    }
}
