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

#[tokio::test]
async fn policy_violations_are_refused_and_leave_nothing() {
    let bucket = Bucket::new().await;
    let altered = |name: &'static str, value: &str| {
        let mut fields = bucket.form(15);
        fields.retain(|(field, _)| *field != name);
        fields.push((name, value.to_owned()));
        fields
    };
    let without = |name: &str| {
        let mut fields = bucket.form(15);
        fields.retain(|(field, _)| *field != name);
        fields
    };
    for (what, fields, bytes, status, code) in [
        ("expired", bucket.form(-1), 1, 403, "AccessDenied"),
        (
            "another prefix",
            altered("key", "uploads/other/${filename}"),
            1,
            403,
            "AccessDenied",
        ),
        (
            "another policy",
            altered("policy", "e30="),
            1,
            403,
            "SignatureDoesNotMatch",
        ),
        (
            "another signature",
            altered("x-amz-signature", &"0".repeat(64)),
            1,
            403,
            "SignatureDoesNotMatch",
        ),
        (
            "another day",
            altered("x-amz-date", "20200101T000000Z"),
            1,
            400,
            "InvalidArgument",
        ),
        (
            "a field more",
            altered("x-amz-meta-a", "b"),
            1,
            403,
            "AccessDenied",
        ),
        ("no key", without("key"), 1, 400, "InvalidArgument"),
        ("no signature", without("x-amz-signature"), 1, 403, "AccessDenied"),
        ("empty", bucket.form(15), 0, 400, "EntityTooSmall"),
        ("too large", bucket.form(15), 100_001, 400, "EntityTooLarge"),
        (
            "far too large",
            bucket.form(15),
            50_000_000,
            400,
            "EntityTooLarge",
        ),
    ] {
        let refused = bucket.post(fields, "x.gem", vec![b'x'; bytes]).await;
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

#[tokio::test]
async fn malformed_forms_are_refused() {
    let bucket = Bucket::new().await;
    let part = |name: &str, bytes: &[u8]| {
        [
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").as_bytes(),
            bytes,
            b"\r\n",
        ]
        .concat()
    };
    let mut good = Vec::new();
    for (name, value) in bucket.form(15) {
        good.extend(part(name, value.as_bytes()));
    }
    let file = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nbytes";
    let whole = [&good[..], file, b"\r\n--b--\r\n"].concat();
    for (what, body, code) in [
        (
            "cut off in the file",
            [&good[..], file].concat(),
            "IncompleteBody",
        ),
        ("no file", [&good[..], b"--b--\r\n"].concat(), "InvalidArgument"),
        (
            "a field twice",
            [&part("key", b"a")[..], &whole].concat(),
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
        let answer = say(
            &bucket,
            &format!("Content-Length: {}\r\nConnection: close\r\n", body.len()),
            &body,
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
        assert!(answer.contains(&format!("<Code>{code}")), "{what}: {answer}");
    }
    let chunked = [
        format!("{:x}\r\n", whole.len()).as_bytes(),
        &whole,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let answer = say(
        &bucket,
        "Transfer-Encoding: chunked\r\nConnection: close\r\n",
        &chunked,
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 501 "), "{answer}");
    assert_eq!(bucket.keys().await, [""; 0]);
    let length = format!("Content-Length: {}\r\nConnection: close\r\n", whole.len());
    assert!(say(&bucket, &length, &whole).await.starts_with("HTTP/1.1 204 "));
}
