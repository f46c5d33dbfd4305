//! Presigned POST forms against the embedded S3.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use packages_api_local::{Stack, StackOptions};
use reqwest::multipart::{Form, Part};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PREFIX: &str = "uploads/my_great_org/my-registry/0191e23a/";

struct Bucket {
    stack: Stack,
    http: reqwest::Client,
}

/// A presigned form: the pairs that are to be sent before the file.
type Fields = Vec<(&'static str, String)>;

impl Bucket {
    async fn new() -> Self {
        let stack = Stack::start(StackOptions::default()).await.unwrap();
        Self {
            stack,
            http: reqwest::Client::new(),
        }
    }

    fn address(&self) -> String {
        format!("{}/{}", self.stack.s3_endpoint(), self.stack.bucket())
    }

    /// A form for 1 to 100,000 bytes under the prefix, valid for `minutes`.
    fn form(&self, minutes: i64) -> Fields {
        let environment = self.stack.environment();
        let now = SystemTime::now();
        let date = |offset: i64| {
            let time = DateTime::from_secs(DateTime::from(now).secs() + offset);
            time.fmt(DateTimeFormat::DateTime).unwrap()
        };
        let stamp = date(0).replace(['-', ':'], "");
        let credential = format!(
            "{}/{}/us-east-1/s3/aws4_request",
            environment["AWS_ACCESS_KEY_ID"],
            &stamp[..8]
        );
        let policy = BASE64.encode(format!(
            r#"{{"expiration":"{}","conditions":[{{"bucket":"{}"}},["starts-with","$key","{PREFIX}"],
            ["content-length-range",1,100000],{{"x-amz-algorithm":"AWS4-HMAC-SHA256"}},
            {{"x-amz-credential":"{credential}"}},{{"x-amz-date":"{stamp}"}},
            ["starts-with","$success_action_status",""]]}}"#,
            date(minutes * 60),
            self.stack.bucket()
        ));
        let key = generate_signing_key(&environment["AWS_SECRET_ACCESS_KEY"], now, "us-east-1", "s3");
        let signature = calculate_signature(key, policy.as_bytes());
        vec![
            ("key", format!("{PREFIX}${{filename}}")),
            ("policy", policy),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", stamp),
            ("x-amz-signature", signature),
        ]
    }

    /// Posts a form; its status, and the error's code.
    async fn post(&self, fields: Fields, filename: &'static str, bytes: Vec<u8>) -> (u16, String) {
        let form = fields
            .into_iter()
            .fold(Form::new(), |form, (name, value)| form.text(name, value));
        let form = form.part("file", Part::bytes(bytes).file_name(filename));
        let answer = self
            .http
            .post(self.address())
            .multipart(form)
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let code = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        (status, code.map_or(text.clone(), |(code, _)| code.to_owned()))
    }

    async fn keys(&self) -> Vec<String> {
        let s3 = Client::new(&self.stack.sdk_config());
        let listed = s3
            .list_objects_v2()
            .bucket(self.stack.bucket())
            .send()
            .await
            .unwrap();
        listed
            .contents()
            .iter()
            .map(|object| object.key().unwrap().to_owned())
            .collect()
    }
}

fn stored() -> (u16, String) {
    (204, String::new())
}

#[tokio::test]
async fn fields_may_come_in_any_order() {
    let bucket = Bucket::new().await;
    let mut fields = bucket.form(15);
    let mut expected = Vec::new();
    for filename in [
        "banana-1.0.0.gem",
        "a b+c%2B.gem",
        "日本 ü.gem",
        "C:\\dir\\x.gem",
        "dir/y.gem",
    ] {
        assert_eq!(
            bucket.post(fields.clone(), filename, b"x".to_vec()).await,
            stored()
        );
        fields.rotate_left(1);
        expected.push(format!(
            "{PREFIX}{}",
            filename.rsplit(['/', '\\']).next().unwrap()
        ));
    }
    expected.sort();
    assert_eq!(bucket.keys().await, expected);
}

/// Fields that are not the form's own, each with the code of its refusal. Without a value a field is missing.
const ALTERED: &[(&str, Option<&str>, u16, &str)] = &[
    ("key", Some("uploads/other/${filename}"), 403, "AccessDenied"),
    ("policy", Some("e30="), 403, "SignatureDoesNotMatch"),
    (
        "x-amz-signature",
        Some("0000000000000000000000000000000000000000000000000000000000000000"),
        403,
        "SignatureDoesNotMatch",
    ),
    ("x-amz-date", Some("20200101T000000Z"), 400, "InvalidArgument"),
    ("x-amz-meta-a", Some("b"), 403, "AccessDenied"),
    ("key", None, 400, "InvalidArgument"),
    ("x-amz-signature", None, 403, "AccessDenied"),
];

#[tokio::test]
async fn altered_fields_are_refused_and_leave_nothing() {
    let bucket = Bucket::new().await;
    for (name, value, status, code) in ALTERED {
        let mut fields = bucket.form(15);
        fields.retain(|(field, _)| field != name);
        fields.extend(value.map(|value| (*name, value.to_owned())));
        let refused = bucket.post(fields, "x.gem", b"x".to_vec()).await;
        assert_eq!(refused, (*status, (*code).to_owned()), "{name}: {value:?}");
    }
    assert_eq!(bucket.keys().await, [""; 0]);
}

#[tokio::test]
async fn policy_violations_are_refused_and_leave_nothing() {
    let bucket = Bucket::new().await;
    for (what, minutes, bytes, status, code) in [
        ("expired", -1, 1, 403, "AccessDenied"),
        ("empty", 15, 0, 400, "EntityTooSmall"),
        ("too large", 15, 100_001, 400, "EntityTooLarge"),
        ("far too large", 15, 50_000_000, 400, "EntityTooLarge"),
    ] {
        let refused = bucket
            .post(bucket.form(minutes), "x.gem", vec![b'x'; bytes])
            .await;
        assert_eq!(refused, (status, code.to_owned()), "{what}");
    }
    assert_eq!(bucket.keys().await, [""; 0]);
    assert_eq!(
        bucket.post(bucket.form(15), "x.gem", vec![b'x'; 100_000]).await,
        stored()
    );
}

#[tokio::test]
async fn forms_choose_the_status_of_success() {
    let bucket = Bucket::new().await;
    for (asked, status) in [("200", 200), ("201", 201), ("204", 204), ("500", 204)] {
        let mut fields = bucket.form(15);
        fields.push(("success_action_status", asked.to_owned()));
        let (answered, body) = bucket.post(fields, "x&y.gem", b"x".to_vec()).await;
        assert_eq!(answered, status);
        assert_eq!(body.contains("x&amp;y.gem</Key>"), asked == "201", "{body}");
    }
}

/// Sends these bytes as a form of boundary `b` and returns the answer.
async fn say(bucket: &Bucket, headers: &str, body: &[u8]) -> String {
    let address = bucket.stack.s3_endpoint();
    let mut socket = tokio::net::TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /{} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n{headers}\r\n",
        bucket.stack.bucket()
    );
    let _ = socket.write_all(head.as_bytes()).await;
    let _ = socket.write_all(body).await;
    let _ = socket.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut answer))
        .await
        .unwrap();
    String::from_utf8(answer).unwrap()
}

/// A part of a form of boundary `b`.
fn part(name: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
    [head.as_bytes(), bytes, b"\r\n"].concat()
}

/// The fields of a form that would be taken, without its file.
fn fields(bucket: &Bucket) -> Vec<u8> {
    let fields = bucket.form(15).into_iter();
    fields
        .flat_map(|(name, value)| part(name, value.as_bytes()))
        .collect()
}

const FILE: &[u8] = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nbytes";
const END: &[u8] = b"\r\n--b--\r\n";

#[tokio::test]
async fn malformed_forms_are_refused() {
    let bucket = Bucket::new().await;
    let good = fields(&bucket);
    let complete = [&good, FILE, END].concat();
    for (what, body, code) in [
        ("cut off in the file", [&good, FILE].concat(), "IncompleteBody"),
        ("no file", [&good[..], b"--b--\r\n"].concat(), "InvalidArgument"),
        (
            "a field twice",
            [&part("key", b"a")[..], &complete].concat(),
            "InvalidArgument",
        ),
        (
            "a field that is too large",
            part("key", &vec![b'x'; 30_000]),
            "MaxPostPreDataLengthExceeded",
        ),
        (
            "an endless header",
            [&b"--b\r\nX: "[..], &vec![b'x'; 5_000_000]].concat(),
            "MaxPostPreDataLengthExceeded",
        ),
        ("no form at all", b"hello".to_vec(), "IncompleteBody"),
    ] {
        let length = format!("Content-Length: {}\r\nConnection: close\r\n", body.len());
        let answer = say(&bucket, &length, &body).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        assert!(answer.contains(&format!("<Code>{code}")), "{what}: {answer}");
    }
    assert_eq!(bucket.keys().await, [""; 0]);
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", complete.len());
    assert!(
        say(&bucket, &length, &complete)
            .await
            .starts_with("HTTP/1.1 204 ")
    );
}

/// S3 wants to know the length beforehand.
#[tokio::test]
async fn forms_without_a_length_are_refused() {
    let bucket = Bucket::new().await;
    let form = [&fields(&bucket), FILE, END].concat();
    let size = format!("{:x}\r\n", form.len());
    let chunked = [size.as_bytes(), &form, b"\r\n0\r\n\r\n"].concat();
    let headers = "Transfer-Encoding: chunked\r\nConnection: close\r\n";
    let answer = say(&bucket, headers, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert_eq!(bucket.keys().await, [""; 0]);
}
