//! Presigned POST: a form with which a client uploads one file of any size, straight to the bucket.
//!
//! Amazon S3, "Browser-Based Uploads Using POST (AWS Signature Version 4)". The policy pins the
//! bucket, a prefix that is made for this one upload, the size and the time.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Files, ObjectKey};
use crate::error::{Error, Result};
use crate::time::rfc3339_seconds;

/// How long a form can be posted; never longer than the credentials live that signed it.
const LIFE: Duration = Duration::from_mins(15);

/// Size that S3 takes in one POST, and that one server-side copy moves: 5 GiB.
pub(crate) const MAX_UPLOAD_BYTES: u64 = 5 * 1024 * 1024 * 1024;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Form for an upload, in the order in which the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PostForm {
    pub(crate) file_input: &'static str,
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) data: FormData,
}

/// The fields to be posted before the file, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FormData {
    key: String,
    policy: String,
    #[serde(rename = "x-amz-algorithm")]
    algorithm: &'static str,
    #[serde(rename = "x-amz-credential")]
    credential: String,
    #[serde(rename = "x-amz-date")]
    date: String,
    #[serde(rename = "x-amz-security-token", skip_serializing_if = "Option::is_none")]
    security_token: Option<String>,
    #[serde(rename = "x-amz-signature")]
    signature: String,
}

impl Files {
    /// A form for one file, whose name S3 puts in the place of `${filename}` at the end of `key`.
    ///
    /// # Errors
    /// Where there are no credentials to sign it with.
    pub(crate) async fn post_form(&self, key: &ObjectKey) -> Result<PostForm> {
        let credentials = match &self.credentials {
            Some(provider) => provider.provide_credentials().await,
            None => return Err(Error::Internal("no credentials to sign a form with".to_owned())),
        };
        let credentials = credentials.map_err(|error| Error::Unavailable(format!("credentials: {error}")))?;
        let region = self
            .client
            .config()
            .region()
            .map(|region| region.as_ref().to_owned());
        let region = region.ok_or_else(|| Error::Internal("no region to sign a form for".to_owned()))?;
        Ok(PostForm {
            file_input: "file",
            method: "POST",
            url: self.public(&self.address().await?),
            data: sign(&credentials, &region, &self.bucket, &key.0, SystemTime::now())?,
        })
    }
}

/// The form's fields, signed.
fn sign(
    credentials: &Credentials,
    region: &str,
    bucket: &str,
    key: &str,
    now: SystemTime,
) -> Result<FormData> {
    let end = credentials
        .expiry()
        .map_or(now + LIFE, |expiry| expiry.min(now + LIFE));
    let date = compact(now);
    let day = date.get(..8).unwrap_or_default();
    let credential = format!("{}/{day}/{region}/s3/aws4_request", credentials.access_key_id());
    let prefix = key.strip_suffix("${filename}").unwrap_or(key);
    let mut conditions = vec![
        json!({ "bucket": bucket }),
        json!(["starts-with", "$key", prefix]),
        json!(["content-length-range", 1, MAX_UPLOAD_BYTES]),
        json!({ "x-amz-algorithm": ALGORITHM }),
        json!({ "x-amz-credential": credential }),
        json!({ "x-amz-date": date }),
    ];
    let security_token = credentials.session_token().map(str::to_owned);
    conditions.extend(
        security_token
            .iter()
            .map(|token| json!({ "x-amz-security-token": token })),
    );
    let policy = BASE64.encode(policy(end, &conditions)?);
    Ok(FormData {
        key: key.to_owned(),
        signature: signature(credentials, region, now, &policy),
        policy,
        algorithm: ALGORITHM,
        credential,
        date,
        security_token,
    })
}

/// The signature of a policy is that of its base64 text.
fn signature(credentials: &Credentials, region: &str, now: SystemTime, policy: &str) -> String {
    let key = generate_signing_key(credentials.secret_access_key(), now, region, "s3");
    calculate_signature(key, policy.as_bytes())
}

fn policy(end: SystemTime, conditions: &[Value]) -> Result<String> {
    #[derive(Serialize)]
    struct Policy<'a> {
        expiration: String,
        conditions: &'a [Value],
    }
    // Whole seconds: the fraction is optional, and not every reader knows it.
    let expiration = rfc3339_seconds(end);
    serde_json::to_string(&Policy {
        expiration,
        conditions,
    })
    .map_err(|error| Error::Internal(error.to_string()))
}

/// `20151229T000000Z`.
fn compact(moment: SystemTime) -> String {
    rfc3339_seconds(moment).replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
    const POLICY: &str = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";

    fn example() -> (Credentials, SystemTime) {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", secret, None, None, "example");
        (
            credentials,
            SystemTime::UNIX_EPOCH + Duration::from_hours(403_152),
        )
    }

    #[test]
    fn the_published_example_has_the_published_signature() {
        let (credentials, now) = example();
        assert_eq!(
            signature(&credentials, "us-east-1", now, POLICY),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[test]
    fn the_policy_pins_bucket_prefix_size_and_time() {
        let (credentials, now) = example();
        let form = sign(&credentials, "us-east-1", "b", "uploads/o/r/u/${filename}", now).unwrap();
        assert_eq!(form.key, "uploads/o/r/u/${filename}");
        assert_eq!(form.date, "20151229T000000Z");
        assert_eq!(form.security_token, None);
        let policy = String::from_utf8(BASE64.decode(&form.policy).unwrap()).unwrap();
        assert_eq!(
            policy,
            "{\"expiration\":\"2015-12-29T00:15:00Z\",\"conditions\":[{\"bucket\":\"b\"},\
             [\"starts-with\",\"$key\",\"uploads/o/r/u/\"],[\"content-length-range\",1,5368709120],\
             {\"x-amz-algorithm\":\"AWS4-HMAC-SHA256\"},\
             {\"x-amz-credential\":\"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\
             {\"x-amz-date\":\"20151229T000000Z\"}]}"
        );
    }

    #[test]
    fn temporary_credentials_bound_the_life_of_forms() {
        let (_, now) = example();
        let end = now + Duration::from_secs(90);
        let credentials = Credentials::new("A", "s", Some("token".to_owned()), Some(end), "example");
        let form = sign(&credentials, "us-east-1", "b", "k", now).unwrap();
        assert_eq!(form.security_token.as_deref(), Some("token"));
        let policy = String::from_utf8(BASE64.decode(&form.policy).unwrap()).unwrap();
        assert!(
            policy.contains("\"expiration\":\"2015-12-29T00:01:30Z\""),
            "{policy}"
        );
        assert!(
            policy.contains("{\"x-amz-security-token\":\"token\"}"),
            "{policy}"
        );
    }
}
