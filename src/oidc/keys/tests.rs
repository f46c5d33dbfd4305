use serde_json::json;

use super::*;
use crate::oidc::test_issuer::{ED25519, P256, RSA, encode};

fn read(keys: &Value) -> Result<KeySet, String> {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes())
}

#[test]
fn keys_of_each_algorithm_are_read() {
    let set = read(&json!([RSA.jwk("a"), P256.jwk("b"), ED25519.jwk("c")])).unwrap();
    for (id, algorithm) in [
        ("a", Algorithm::RS256),
        ("b", Algorithm::ES256),
        ("c", Algorithm::EdDSA),
    ] {
        assert_eq!(set.get(id).map(|key| key.algorithm), Some(algorithm));
    }
    assert!(!set.contains("d"));
}

#[test]
fn unusable_keys_are_passed_over() {
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    let bits = |count: usize| encode([&[0x80][..], &vec![1; count / 8 - 1]].concat());
    let unusable = [
        with(RSA.jwk("x"), "n", bits(1024).into()),
        with(
            RSA.jwk("x"),
            "n",
            encode([&[0x7f][..], &[1; 255]].concat()).into(),
        ),
        with(RSA.jwk("x"), "n", bits(16384).into()),
        with(RSA.jwk("x"), "n", "".into()),
        with(RSA.jwk("x"), "n", "not base64".into()),
        with(RSA.jwk("x"), "use", "enc".into()),
        with(RSA.jwk("x"), "alg", "RS512".into()),
        with(RSA.jwk("x"), "kid", Value::Null),
        with(RSA.jwk("x"), "kty", "oct".into()),
        with(P256.jwk("x"), "crv", "P-384".into()),
        with(P256.jwk("x"), "x", encode([1; 31]).into()),
        with(P256.jwk("x"), "y", Value::Null),
        with(ED25519.jwk("x"), "crv", "Ed448".into()),
        with(ED25519.jwk("x"), "x", encode([1; 33]).into()),
        json!({ "kty": "oct", "kid": "x", "k": "c2VjcmV0", "alg": "HS256" }),
        json!({}),
        json!("key"),
    ];
    for key in unusable {
        let set = read(&json!([key, P256.jwk("good")])).unwrap();
        assert!(!set.contains("x") && set.contains("good"), "{key}");
        assert!(read(&json!([key])).is_err(), "{key}");
    }
}

#[test]
fn sets_are_bounded() {
    let many: Vec<_> = (0..MAX_KEYS + 10)
        .map(|number| ED25519.jwk(&number.to_string()))
        .collect();
    assert_eq!(read(&json!(many)).unwrap().0.len(), MAX_KEYS);
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
        assert!(KeySet::read(text.as_bytes()).is_err(), "{text}");
    }
}
