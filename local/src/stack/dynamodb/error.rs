//! Errors in DynamoDB's words that the database does not give itself.

use serde::Serialize;

/// An error of the service, as its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct ApiError {
    #[serde(rename = "__type")]
    kind: &'static str,
    message: &'static str,
}

impl ApiError {
    pub(super) const MISSING_SIGNATURE: Self = Self {
        kind: "com.amazon.coral.service#MissingAuthenticationTokenException",
        message: "Request must contain a signature: use the credentials that the local stack has printed.",
    };
    pub(super) const INCOMPLETE_SIGNATURE: Self = Self {
        kind: "com.amazon.coral.service#IncompleteSignatureException",
        message: "The Authorization header must be a Signature Version 4 for dynamodb, and cover host, x-amz-date \
                  and x-amz-target.",
    };
    pub(super) const UNKNOWN_KEY: Self = Self {
        kind: "com.amazon.coral.service#UnrecognizedClientException",
        message: "The access key is not this stack's: each start makes a new one, and prints it.",
    };
    pub(super) const WRONG_SIGNATURE: Self = Self {
        kind: "com.amazon.coral.service#InvalidSignatureException",
        message: "The request signature we calculated does not match the signature you provided.",
    };
    pub(super) const WRONG_TIME: Self = Self {
        kind: "com.amazon.coral.service#InvalidSignatureException",
        message: "The signature's time is more than 15 minutes from this machine's. Set your clock.",
    };
    pub(super) const UNKNOWN_OPERATION: Self = Self {
        kind: "com.amazon.coral.service#UnknownOperationException",
        message: "The embedded DynamoDB does not know this operation.",
    };
    pub(super) const NOT_TEXT: Self = Self {
        kind: "com.amazon.coral.service#SerializationException",
        message: "The body is not UTF-8.",
    };
    pub(super) const TOO_LARGE: Self = Self {
        kind: "com.amazon.coral.service#RequestEntityTooLargeException",
        message: "The body is larger than 16 MB.",
    };
    pub(super) const UNREADABLE: Self = Self {
        kind: "com.amazon.coral.service#SerializationException",
        message: "The body did not arrive whole and in time. Send it again.",
    };
}
