//! Signatures of requests to DynamoDB.
//!
//! AWS Identity and Access Management User Guide, "Create a signed AWS API request": Signature
//! Version 4 in the `Authorization` header. Every request is a `POST` of `/` without a query.

use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use packages_api::Digest;
use subtle::ConstantTimeEq;

use super::error::ApiError;
use crate::stack::key::{Key, SKEW, parse_date};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The headers that a signature must cover: where to, when, and what.
const SIGNED: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];

/// A signature that names our key, a recent time and the headers that it must: all that can be
/// checked before the body is there.
#[derive(Debug)]
pub(super) struct Claim<'a> {
    day: String,
    time: SystemTime,
    stamp: &'a str,
    region: &'a str,
    signed: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads the signature of a request.
    pub(super) fn of(key: &Key, headers: &'a HeaderMap, now: SystemTime) -> Result<Self, ApiError> {
        let header = text(headers, AUTHORIZATION.as_str());
        let header = header.ok_or(ApiError::MISSING_SIGNATURE)?;
        let fields = header
            .strip_prefix(ALGORITHM)
            .ok_or(ApiError::INCOMPLETE_SIGNATURE)?;
        let field = |name: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find(|(found, _)| *found == name).map(|(_, value)| value)
        };
        let (Some(credential), Some(signed), Some(signature), Some(stamp)) = (
            field("Credential"),
            field("SignedHeaders"),
            field("Signature"),
            text(headers, "x-amz-date"),
        ) else {
            return Err(ApiError::INCOMPLETE_SIGNATURE);
        };
        let (day, time) = parse_date(stamp).ok_or(ApiError::INCOMPLETE_SIGNATURE)?;
        let scope: Vec<_> = credential.split('/').collect();
        let [id, scope_day, region, "dynamodb", "aws4_request"] = scope[..] else {
            return Err(ApiError::INCOMPLETE_SIGNATURE);
        };
        if id != key.id {
            return Err(ApiError::UNKNOWN_KEY);
        }
        let covers = |name: &&str| signed.split(';').any(|signed| signed == *name);
        if scope_day != day || !SIGNED.iter().all(covers) {
            return Err(ApiError::INCOMPLETE_SIGNATURE);
        }
        if time > now + SKEW || now > time + SKEW {
            return Err(ApiError::WRONG_TIME);
        }
        Ok(Self {
            day,
            time,
            stamp,
            region,
            signed,
            signature,
        })
    }

    /// Refuses headers and a body that `key` has not signed.
    pub(super) fn verify(&self, key: &Key, headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
        let canonical = canonical(headers, self.signed, body).ok_or(ApiError::INCOMPLETE_SIGNATURE)?;
        let Self {
            day, stamp, region, ..
        } = self;
        let to_sign = format!(
            "{ALGORITHM}\n{stamp}\n{day}/{region}/dynamodb/aws4_request\n{}",
            Digest::sha256(canonical.as_bytes())
        );
        let signing_key = generate_signing_key(&key.secret, self.time, region, "dynamodb");
        let expected = calculate_signature(signing_key, to_sign.as_bytes());
        if bool::from(expected.as_bytes().ct_eq(self.signature.as_bytes())) {
            Ok(())
        } else {
            Err(ApiError::WRONG_SIGNATURE)
        }
    }
}

/// The canonical request; none where a signed header is missing or given twice.
fn canonical(headers: &HeaderMap, signed: &str, body: &[u8]) -> Option<String> {
    let mut lines = String::new();
    for name in signed.split(';') {
        let value = text(headers, name)?;
        let words: Vec<_> = value.split_ascii_whitespace().collect();
        lines.push_str(&format!("{name}:{}\n", words.join(" ")));
    }
    Some(format!("POST\n/\n\n{lines}\n{signed}\n{}", Digest::sha256(body)))
}

/// A header that is given once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
