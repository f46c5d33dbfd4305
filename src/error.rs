//! Errors of a call, and how each is answered.

use std::borrow::Cow;
use std::fmt;

use tracing::Level;

use crate::id::PackageId;
use crate::release::Release;
use crate::retry::{READ_ONLY_RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS};
use crate::scope::Scope;

/// The result of anything that may end in an answer of its own.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The largest event that Lambda hands to a function in a synchronous call, and the largest answer
/// that it hands on, in bytes.
pub const MAX_EVENT_BYTES: usize = 6 * 1024 * 1024;

/// The most that one call may carry, in bytes: the front door puts the body into the event in base64.
pub const MAX_BODY_BYTES: usize = MAX_EVENT_BYTES / 4 * 3;

/// The `message` of a 413, wherever the limit is met.
pub const TOO_LARGE: &str = "This request is larger than one call can carry: a file of about 4.4 MB, or of 3.3 MB \
    from npm. Publish the file with `admin package publish`, or request an upload form with POST \
    /v2/packages/organizations/{organization}/registries/{registry}/packages/upload, post the file to it, and \
    publish it by its package_url.";

/// The `message` of a 404 for a path that leads nowhere, whoever answers it.
pub const NOTHING_HERE: &str = "There is nothing at this address. The API's addresses begin with \
    /v2/packages/organizations/{organization}/registries/{registry}/packages, and GET /openapi.yaml \
    describes all of them. Package managers use addresses that begin with /{organization}/{registry}.";

/// Everything that a call can end in but success. Each variant begins with the status
/// that it is answered with; its text is the answer's `message`.
#[derive(Debug)]
pub enum Error {
    /// 400: the body is not what its headers say.
    BadRequest(String),
    /// 401: no token, or one that is unknown, mistyped, expired or deleted.
    Unauthorized(Cow<'static, str>),
    /// 403: the token lacks the scope.
    Forbidden(Scope),
    /// 403: the token is for one registry, and the call is about the whole organization.
    RestrictedToken,
    /// 403: a page of another site sent the request.
    CrossSite,
    /// 404: there is no such thing, or none that this token may know of.
    NotFound(String),
    /// 405: the path exists, the method does not; the methods that do.
    MethodNotAllowed(String),
    /// 409: the release is held by another package, of other content. Each door words it.
    Taken {
        /// The release that could not be had.
        release: Release,
        /// The package that holds it.
        holder: PackageId,
    },
    /// 409: the release was published before and deleted, and its registry does not let it be published again.
    Retired {
        /// The release that cannot be had any more.
        release: Release,
        /// Whether the bytes that it had could be published again.
        same_bytes: bool,
    },
    /// 409: what was to be made exists already.
    Conflict(String),
    /// 413: larger than what a function is handed.
    TooLarge,
    /// 413: a document of JSON is larger than this many bytes.
    DocumentTooLarge(usize),
    /// 415: the body, or a part of it, is encoded in a way that is not taken.
    Encoded(&'static str),
    /// 422: well-formed, but wrong; the fields at fault.
    Invalid(Vec<FieldError>),
    /// 429: the table or the bucket is throttling. The text is for the log alone.
    Throttled(String),
    /// 500: the answer has this many bytes, more than the front door carries.
    AnswerTooLarge(usize),
    /// 500: ours. The text is for the log alone.
    Internal(String),
    /// 500: the record of this package is there, and its metadata cannot be read: it is lost, or the bucket refuses it.
    MetadataMissing(PackageId),
    /// 503: the registry takes no changes at the moment, as its operator wants it.
    ReadOnly,
    /// 503: a dependency did not answer in time; the outcome may be unknown. The text is for the
    /// log alone.
    Unavailable(String),
    /// 503: a request before this one is publishing the same upload at this moment.
    InProgress,
    /// 503: the work takes longer than the front door waits, and goes on after this answer.
    GoesOn,
    /// 503: the keys of an OIDC token's issuer cannot be had at the moment, and nothing was done.
    KeysUnavailable {
        /// Cause, for the log alone.
        cause: String,
        /// Seconds after which a repeat may succeed.
        retry_after_seconds: u32,
    },
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FieldError {
    /// The form's field, the document's member or the package's part that is wrong.
    pub field: &'static str,
    /// Kind of the mistake, for programs.
    pub code: &'static str,
    /// Message: the mistake, the expected input, the next step.
    pub message: String,
}

impl Error {
    /// A 422 for one field.
    pub(crate) fn invalid(field: &'static str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field,
            code,
            message: message.into(),
        }])
    }

    /// Cause that the log may name, and a client may not see.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Internal(text)
            | Self::Unavailable(text)
            | Self::Throttled(text)
            | Self::KeysUnavailable { cause: text, .. } => Some(text),
            _ => None,
        }
    }

    /// Level of the log's line: an error where something is broken, a warning where it passes by itself, and
    /// information where the request is at fault.
    pub(crate) fn level(&self) -> Level {
        match self {
            Self::Internal(_) | Self::AnswerTooLarge(_) | Self::MetadataMissing(_) | Self::Unavailable(_) => {
                Level::ERROR
            }
            Self::Throttled(_)
            | Self::ReadOnly
            | Self::InProgress
            | Self::GoesOn
            | Self::KeysUnavailable { .. } => Level::WARN,
            _ => Level::INFO,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest(text) | Self::NotFound(text) | Self::Conflict(text) => f.write_str(text),
            Self::Unauthorized(text) => f.write_str(text),
            Self::Encoded(text) => f.write_str(text),
            Self::Forbidden(scope) => write!(
                f,
                "This token lacks the scope `{scope}`. Use a token that has it, or ask an administrator for one."
            ),
            Self::RestrictedToken => f.write_str(
                "This token is restricted to one registry, and this call is about the whole organization. \
                 Use a token without that restriction, or ask an administrator for one.",
            ),
            Self::CrossSite => f.write_str(
                "A page of another site sent this request, and such requests change nothing here. \
                 Use the package manager or a script instead.",
            ),
            Self::AnswerTooLarge(bytes) => write!(
                f,
                "The answer has {bytes} bytes, which is more than the front door carries. Ask the registry's \
                 operator to stream answers: the template's parameter ResponseTransfer does that."
            ),
            Self::Taken { release, holder } => write!(
                f,
                "{release} is published already, with other content, as package {holder}. \
                 Publish this file as a new version, or delete that package first."
            ),
            Self::Retired { release, same_bytes } => {
                let content = if *same_bytes { " with other content" } else { "" };
                write!(
                    f,
                    "{release} was published before and then deleted, and this registry lets no release be \
                     published again{content}. Publish this file as a new version."
                )
            }
            Self::MethodNotAllowed(allow) => {
                write!(f, "This address does not take that method. It takes: {allow}.")
            }
            Self::TooLarge => f.write_str(TOO_LARGE),
            Self::DocumentTooLarge(most) => write!(
                f,
                "The body is larger than {most} bytes, which is more than this call takes. Shorten its texts."
            ),
            Self::Invalid(errors) => {
                let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
                f.write_str(&messages.join(" "))
            }
            Self::Throttled(_)
            | Self::Internal(_)
            | Self::MetadataMissing(_)
            | Self::ReadOnly
            | Self::Unavailable(_)
            | Self::InProgress
            | Self::GoesOn
            | Self::KeysUnavailable { .. } => self.fmt_at_no_fault(f),
        }
    }
}

impl Error {
    /// Message of an error for which the request is not at fault.
    fn fmt_at_no_fault(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(_) => write!(
                f,
                "The registry is receiving more requests than its storage takes right now. \
                 Repeat the request after {RETRY_AFTER_SECONDS} seconds."
            ),
            Self::Internal(_) => f.write_str(
                "Something went wrong on our side. Repeat the request; if it fails again, tell the \
                 registry's operator.",
            ),
            Self::MetadataMissing(id) => write!(
                f,
                "The metadata of package {id} cannot be read. Repeat the request; if it fails again, publish the \
                 same file again, which puts the metadata back, or delete that package."
            ),
            Self::ReadOnly => write!(
                f,
                "This registry only answers reads at the moment, most likely because its operator is \
                 restoring it. Nothing was changed. Repeat the request after \
                 {READ_ONLY_RETRY_AFTER_SECONDS} seconds, or ask the operator when it will take changes again."
            ),
            Self::Unavailable(_) => write!(
                f,
                "The registry's storage did not answer in time, so the outcome is unknown. \
                 Repeating the request is harmless: try again after {RETRY_AFTER_SECONDS} seconds."
            ),
            Self::InProgress => write!(
                f,
                "This upload is still being published by an earlier request. \
                 Repeat the request after {RETRY_AFTER_SECONDS} seconds to get the package."
            ),
            Self::GoesOn => write!(
                f,
                "This takes longer than a request can wait for its answer, so it goes on without one. \
                 Repeat the request after {RETRY_AFTER_SECONDS} seconds to get the package."
            ),
            Self::KeysUnavailable {
                retry_after_seconds, ..
            } => write!(
                f,
                "The keys of the OIDC token's issuer cannot be had at the moment, so nothing was done. \
                 Repeat the request after {retry_after_seconds} seconds."
            ),
            // The request is at fault, which `fmt` words.
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// An error and its sources as one line. The SDK's own debug output has these too, and with them all of an
/// answer.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
