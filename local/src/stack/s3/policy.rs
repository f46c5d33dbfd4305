//! Rights of the holder of a presigned form: the signature of its policy, and the policy itself.
//!
//! Amazon S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST (AWS
//! Signature Version 4)" and "POST Policy". A signature of version 2 is no signature here.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use s3s::dto::Timestamp;
use s3s::post_policy::{PostPolicy, PostPolicyCondition as Condition};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use subtle::ConstantTimeEq;

use crate::stack::key::{Key, SKEW, parse_date};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A form's fields but the file, by their names in lower case.
pub(super) type Fields = BTreeMap<String, String>;

/// The policy of a form whose signature holds.
#[derive(Debug)]
pub(super) struct Policy(PostPolicy);

impl Policy {
    /// Reads the policy of a form, if `key` has signed it and its time is not over.
    pub(super) fn signed_by(key: &Key, fields: &Fields, now: SystemTime) -> S3Result<Self> {
        let field = |name: &str| fields.get(name).map(String::as_str);
        let (Some(policy), Some(signature)) = (field("policy"), field("x-amz-signature")) else {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        };
        if field("x-amz-algorithm") != Some(ALGORITHM) {
            return Err(s3_error!(
                InvalidArgument,
                "X-Amz-Algorithm must be AWS4-HMAC-SHA256"
            ));
        }
        if field("x-amz-security-token").is_some() {
            return Err(s3_error!(
                InvalidToken,
                "The provided token is malformed or otherwise invalid."
            ));
        }
        let (date, time) = parse_date(field("x-amz-date").unwrap_or_default())
            .ok_or_else(|| s3_error!(InvalidArgument, "X-Amz-Date must be of the form 20151229T000000Z"))?;
        if field("x-amz-credential") != Some(&key.form_scope(&date)) {
            return Err(s3_error!(
                InvalidArgument,
                "X-Amz-Credential must be <access key>/<date>/<region>/s3/aws4_request, of this bucket's region"
            ));
        }
        let signing_key = generate_signing_key(&key.secret, time, key.region, "s3");
        let expected = calculate_signature(signing_key, policy.as_bytes());
        if !bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
            return Err(s3_error!(
                SignatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided."
            ));
        }
        let policy = PostPolicy::from_base64(policy)
            .map_err(|error| S3Error::with_message(S3ErrorCode::InvalidPolicyDocument, error.to_string()))?;
        if policy.expiration <= Timestamp::from(now) {
            return Err(against("Policy expired."));
        }
        if time > now + SKEW {
            return Err(s3_error!(RequestTimeTooSkewed));
        }
        Ok(Self(policy))
    }

    /// Refuses a form that the policy does not describe: every condition must hold, and every field
    /// must be the object of one.
    pub(super) fn check(&self, fields: &Fields, bucket: &str) -> S3Result<()> {
        let value = |field: &str| match field {
            "bucket" => bucket,
            _ => fields.get(field).map_or("", String::as_str),
        };
        for condition in &self.0.conditions {
            match condition {
                Condition::Eq { field, value: wanted } if value(field) != wanted => {
                    return Err(failed("eq", field, wanted));
                }
                Condition::StartsWith { field, prefix } if !value(field).starts_with(prefix.as_str()) => {
                    return Err(failed("starts-with", field, prefix));
                }
                _ => {}
            }
        }
        match fields.keys().find(|name| !self.speaks_of(name)) {
            Some(extra) => Err(against(&format!("Extra input fields: {extra}"))),
            None => Ok(()),
        }
    }

    fn speaks_of(&self, name: &str) -> bool {
        let exempt = matches!(name, "x-amz-signature" | "policy" | "file") || name.starts_with("x-ignore-");
        exempt
            || self.0.conditions.iter().any(|condition| match condition {
                Condition::Eq { field, .. } | Condition::StartsWith { field, .. } => field == name,
                Condition::ContentLengthRange { .. } => false,
            })
    }

    /// The least and the most bytes of the file.
    pub(super) fn size(&self) -> (u64, u64) {
        self.0.content_length_range().unwrap_or((0, u64::MAX))
    }
}

fn against(what: &str) -> S3Error {
    S3Error::with_message(
        S3ErrorCode::AccessDenied,
        format!("Invalid according to Policy: {what}"),
    )
}

fn failed(operator: &str, field: &str, wanted: &str) -> S3Error {
    against(&format!(
        "Policy Condition failed: [\"{operator}\", \"${field}\", \"{wanted}\"]"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key() -> Key {
        Key {
            id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            region: "us-east-1",
        }
    }

    /// The example of the API reference: its policy as it stands there, and its signature.
    const POLICY: &str = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
    const SIGNATURE: &str = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e";

    fn example() -> Fields {
        [
            ("key", "user/user1/banana.gem"),
            ("acl", "public-read"),
            (
                "success_action_redirect",
                "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
            ),
            ("content-type", "image/jpeg"),
            ("x-amz-meta-uuid", "14365123651274"),
            ("x-amz-server-side-encryption", "AES256"),
            (
                "x-amz-credential",
                "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
            ),
            ("x-amz-algorithm", ALGORITHM),
            ("x-amz-date", "20151229T000000Z"),
            ("x-amz-meta-tag", ""),
            ("policy", POLICY),
            ("x-amz-signature", SIGNATURE),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn signed(fields: &Fields, hours: u64) -> S3Result<Policy> {
        let (_, begin) = parse_date("20151229T000000Z").unwrap();
        Policy::signed_by(&key(), fields, begin + Duration::from_hours(hours))
    }

    #[test]
    fn the_published_example_holds_until_it_expires() {
        let policy = signed(&example(), 1).unwrap();
        policy.check(&example(), "sigv4examplebucket").unwrap();
        let expired = signed(&example(), 36).unwrap_err();
        assert_eq!(
            expired.message(),
            Some("Invalid according to Policy: Policy expired.")
        );
    }

    #[test]
    fn altered_policies_are_refused() {
        let policy = signed(&example(), 1).unwrap();
        for (name, value, refusal) in [
            (
                "key",
                "user/user2/x",
                "[\"starts-with\", \"$key\", \"user/user1/\"]",
            ),
            ("acl", "private", "[\"eq\", \"$acl\", \"public-read\"]"),
            ("x-amz-meta-other", "x", "Extra input fields: x-amz-meta-other"),
        ] {
            let mut fields = example();
            fields.insert(name.to_owned(), value.to_owned());
            let refused = policy.check(&fields, "sigv4examplebucket").unwrap_err();
            assert!(refused.message().unwrap().contains(refusal), "{refused:?}");
        }
        assert!(policy.check(&example(), "other").is_err());
        for (name, value, code) in [
            ("policy", "e30=", "SignatureDoesNotMatch"),
            ("x-amz-signature", "00", "SignatureDoesNotMatch"),
            ("x-amz-algorithm", "AWS2", "InvalidArgument"),
            ("x-amz-date", "2015122ÄT00000Z", "InvalidArgument"),
            ("x-amz-date", "20151330T000000Z", "InvalidArgument"),
            ("x-amz-date", "20151230T000000Z", "InvalidArgument"),
            (
                "x-amz-credential",
                "AKIAIOSFODNN7EXAMPLE/20151229/eu-west-1/s3/aws4_request",
                "InvalidArgument",
            ),
            ("x-amz-security-token", "x", "InvalidToken"),
        ] {
            let mut fields = example();
            fields.insert(name.to_owned(), value.to_owned());
            assert_eq!(
                signed(&fields, 1).unwrap_err().code().as_str(),
                code,
                "{name}: {value}"
            );
        }
        assert_eq!(
            signed(&Fields::new(), 1).unwrap_err().code().as_str(),
            "AccessDenied"
        );
    }
}
