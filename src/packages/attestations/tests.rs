use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;

fn statement(digests: &[&str]) -> Value {
    let subjects = digests
        .iter()
        .map(|digest| json!({ "name": "a", "digest": { "sha256": digest } }));
    let subjects: Vec<_> = subjects.collect();
    json!({ "_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": "x", "predicate": {} })
}

fn envelope(statement: &Value) -> Value {
    json!({
        "payloadType": IN_TOTO,
        "payload": PADDED.encode(statement.to_string()),
        "signatures": [{ "sig": "c2ln", "keyid": "" }],
    })
}

fn read(text: impl Into<String>) -> Result<AttestationBundle, String> {
    AttestationBundle::read(Bytes::from(text.into())).map_err(|error| error.to_string())
}

fn own() -> (Digest<32>, String) {
    let digest = Digest::sha256(b"file");
    (digest, digest.to_string())
}

#[test]
fn envelopes_and_sigstore_bundles_are_read() {
    let (digest, own) = own();
    let bare = envelope(&statement(&[&own]));
    let mut url_safe = bare.clone();
    // A payload whose standard alphabet has a `/` or a `+`.
    let text = json!({ "subject": [{ "digest": { "sha256": own } }], "x": "???>>>" }).to_string();
    url_safe["payload"] = URL_SAFE_NO_PAD.encode(text).into();
    let sigstore = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": { "certificate": { "rawBytes": "AA==" } },
        "dsseEnvelope": bare,
    });
    let other_first = envelope(&statement(&[&"0".repeat(64), &own.to_uppercase()]));
    for text in [
        bare.to_string(),
        format!("{bare}\n{sigstore}\n"),
        format!("\r\n{bare}\r\n\r\n"),
        url_safe.to_string(),
        other_first.to_string(),
    ] {
        let attestations = read(text.as_str()).unwrap().about(digest).unwrap();
        assert_eq!(String::from(attestations), text, "kept as it was sent");
    }
}

#[test]
fn statements_about_other_files_are_refused() {
    let (digest, own) = own();
    let good = envelope(&statement(&[&own]));
    for subjects in [&[][..], &["0".repeat(64).as_str()]] {
        let other = envelope(&statement(subjects));
        let error = read(format!("{good}\n{other}"))
            .unwrap()
            .about(digest)
            .unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with("Attestation 2 of the attestation_bundle is about another"),
            "{message}"
        );
    }
    // A digest of another algorithm says nothing of the file.
    let sha1 = json!({ "subject": [{ "digest": { "sha1": own } }] });
    assert!(read(envelope(&sha1).to_string()).unwrap().about(digest).is_err());
}

#[test]
fn lines_that_are_no_attestations_are_told() {
    let (_, own) = own();
    let good = envelope(&statement(&[&own]));
    let with = |name: &str, value: Value| {
        let mut envelope = good.clone();
        envelope[name] = value;
        envelope.to_string()
    };
    for (line, reason) in [
        ("x".to_owned(), "is not a JSON object"),
        ("[]".to_owned(), "is not a JSON object"),
        ("{}".to_owned(), "is not an attestation"),
        (
            json!({ "messageSignature": {} }).to_string(),
            "is not an attestation",
        ),
        (with("signatures", json!([])), "is not signed"),
        (with("payloadType", json!("text/plain")), "is not about a file"),
        (with("payload", json!("!")), "not base64"),
        (with("payload", json!("e30=")), "not an in-toto statement"),
    ] {
        let error = read(format!("{good}\n\n{line}\n")).unwrap_err();
        assert!(
            error.starts_with("Line 3 of the attestation_bundle ") && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn bundles_are_bounded() {
    let (_, own) = own();
    let line = format!("{}\n", envelope(&statement(&[&own])));
    assert!(read(line.repeat(MAX_STATEMENTS)).is_ok());
    assert!(
        read(line.repeat(MAX_STATEMENTS + 1))
            .unwrap_err()
            .contains("more than 32")
    );
    assert!(
        read(" ".repeat(MAX_BYTES + 1))
            .unwrap_err()
            .contains("1048577 bytes")
    );
    assert!(read(" \n ").unwrap_err().contains("is empty"));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(read(deep).is_err());
    assert!(AttestationBundle::read(Bytes::from_static(b"\xff")).is_err());
}
