//! `-/ping`, `-/whoami` and the audits.

use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::{Answer, Request};
use crate::actor::Actor;
use crate::http::json as answer;
use crate::permission::Permission;

/// Text that npm shows to people.
pub(super) const NOTICE: HeaderName = HeaderName::from_static("npm-notice");

/// Answers that the registry is there, and that the token opens it.
pub(super) fn ping(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        request.authorize(Permission::Read).await?;
        answer(StatusCode::OK, &json!({}))
    })
}

/// Answers who the token was made for.
pub(super) fn whoami(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let actor = request.authorize(Permission::Read).await?.actor();
        let id = actor.id();
        let name = match actor {
            Actor::Token { name, email, .. } => name.or(email),
            Actor::Oidc { subject, .. } => Some(subject),
            Actor::Operator { name, .. } => Some(name),
            Actor::Sweep => None,
        };
        answer(
            StatusCode::OK,
            &json!({"username": name.unwrap_or_else(|| id.to_string())}),
        )
    })
}

/// Answers an audit with no advisory: this registry knows none, and says so.
pub(super) fn audit(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        request.authorize(Permission::Read).await?;
        noticed(answer(StatusCode::OK, &json!({})))
    })
}

/// The same answer in the form of npm 6, yarn 1 and pnpm.
pub(super) fn full_audit(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        request.authorize(Permission::Read).await?;
        let none = json!({"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0});
        noticed(answer(
            StatusCode::OK,
            &json!({
                "actions": [], "advisories": {}, "muted": [],
                "metadata": {
                    "vulnerabilities": none, "dependencies": 0, "devDependencies": 0,
                    "optionalDependencies": 0, "totalDependencies": 0,
                },
            }),
        ))
    })
}

fn noticed(
    answer: crate::error::Result<lambda_http::Response<lambda_http::Body>>,
) -> crate::error::Result<lambda_http::Response<lambda_http::Body>> {
    const TEXT: HeaderValue =
        HeaderValue::from_static("This registry knows no advisories: its own packages are not audited.");
    answer.map(|mut response| {
        response.headers_mut().insert(NOTICE, TEXT);
        response
    })
}
