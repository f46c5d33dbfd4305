use serde_json::json;

use super::*;
use crate::oidc::test_issuer::{ED25519, P256, RSA, SigningKey, encode};
use crate::oidc::tests::{AUDIENCE, claims};

const ISSUER: &str = "https://issuer.example";

fn keys() -> KeySet {
    let keys = json!({ "keys": [RSA.jwk("rsa"), P256.jwk("p256"), ED25519.jwk("ed")] });
    KeySet::read(keys.to_string().as_bytes()).unwrap()
}

fn verify(token: &str) -> Result<VerifiedToken, String> {
    let audiences = [AUDIENCE.to_owned(), "https://other.example/app".to_owned()];
    let expected = Expectations {
        audiences: &audiences,
        max_lifetime: Duration::from_mins(5),
        now: SystemTime::now(),
    };
    let read = UnverifiedToken::read(token).and_then(|token| token.verify(&keys(), &expected));
    read.map_err(|error| error.to_string())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Honest claims, changed.
fn changed(change: impl Fn(&mut Value)) -> Value {
    let mut claims = claims(ISSUER);
    change(&mut claims);
    claims
}

#[test]
fn tokens_of_each_algorithm_are_verified() {
    for (key, kid) in [(&*RSA, "rsa"), (&*P256, "p256"), (&*ED25519, "ed")] {
        let token = key.token(kid, &claims(ISSUER));
        assert!(is_token(&token));
        let verified = verify(&token).unwrap();
        assert_eq!(
            (verified.issuer.as_str(), verified.subject.as_str()),
            (ISSUER, "repo:example/app")
        );
        assert_eq!(verified.claims["repository"], "example/app");
    }
}

#[test]
fn forged_tokens_are_refused() {
    let honest = P256.token("p256", &claims(ISSUER));
    let (message, signature) = honest.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let other = encode(changed(|claims| claims["repository"] = "example/other".into()).to_string());
    let stranger = SigningKey::P256(
        aws_lc_rs::signature::EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING)
            .unwrap(),
    );
    for forged in [
        format!("{header}.{other}.{signature}"),
        format!("{message}.{}", encode([0; 64])),
        format!("{message}.{}", encode([])),
        format!("{message}.{}", encode([1; 63])),
        stranger.token("p256", &claims(ISSUER)),
    ] {
        assert_eq!(
            verify(&forged).unwrap_err(),
            "The OIDC token's signature is not valid."
        );
    }
}

#[test]
fn other_algorithms_are_refused() {
    for alg in [
        "none", "None", "HS256", "HS512", "RS384", "RS512", "PS256", "ES384", "ES256K", "", "rs256",
    ] {
        let header = json!({ "alg": alg, "kid": "p256" });
        let error = verify(&P256.sign(&header, &claims(ISSUER))).unwrap_err();
        assert!(error.contains("algorithm that is not accepted"), "{alg}: {error}");
    }
    // A key is never taken for an algorithm that it is not for, whatever signed the token.
    for (alg, kid) in [
        ("ES256", "rsa"),
        ("RS256", "p256"),
        ("EdDSA", "p256"),
        ("RS256", "ed"),
    ] {
        let header = json!({ "alg": alg, "kid": kid });
        let error = verify(&P256.sign(&header, &claims(ISSUER))).unwrap_err();
        assert!(
            error.contains("not the one that its key is for"),
            "{alg} {kid}: {error}"
        );
    }
}

#[test]
fn headers_are_checked() {
    let sign = |header: Value| verify(&P256.sign(&header, &claims(ISSUER))).unwrap_err();
    assert!(sign(json!({ "alg": "ES256" })).contains("`kid`"));
    assert!(sign(json!({ "alg": "ES256", "kid": "" })).contains("`kid`"));
    assert!(sign(json!({ "alg": "ES256", "kid": "unknown" })).contains("does not publish"));
    assert!(sign(json!({ "alg": "ES256", "kid": "p256", "crit": ["exp"] })).contains("`crit`"));
    assert!(sign(json!({ "alg": 7, "kid": "p256" })).contains("malformed"));
    assert!(sign(json!([])).contains("malformed"));
}

#[test]
fn cut_off_tokens_are_refused() {
    let token = ED25519.token("ed", &claims(ISSUER));
    for end in 0..token.len() {
        let error = verify(&token[..end]).unwrap_err();
        assert!(
            error.contains("malformed") || error.contains("signature"),
            "{end}: {error}"
        );
    }
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "eyJ.eyJ.eyJ",
        "é.é.é",
        &format!("{token}.x"),
        &format!("{token}="),
        &format!(" {token}"),
    ] {
        assert!(verify(text).unwrap_err().contains("malformed"), "{text}");
    }
    assert!(
        verify(&"a".repeat(MAX_TOKEN_BYTES + 1))
            .unwrap_err()
            .contains("longer than 8192 bytes")
    );
}

#[test]
fn times_are_checked() {
    let at = |iat: i64, nbf: Option<i64>, exp: i64| {
        let moment = |offset: i64| now().checked_add_signed(offset).unwrap();
        verify(&ED25519.token(
            "ed",
            &changed(|claims| {
                claims["iat"] = moment(iat).into();
                claims["exp"] = moment(exp).into();
                match nbf {
                    Some(nbf) => claims["nbf"] = moment(nbf).into(),
                    None => drop(claims.as_object_mut().unwrap().remove("nbf")),
                }
            }),
        ))
    };
    for (iat, nbf, exp) in [
        (0, Some(0), 300),
        (-350, Some(-350), -55),
        (55, Some(55), 100),
        (0, None, 1),
        (0, Some(-600), 300),
    ] {
        assert!(at(iat, nbf, exp).is_ok(), "{iat} {nbf:?} {exp}");
    }
    for (iat, nbf, exp, reason) in [
        (-400, None, -100, "has expired"),
        (-300, None, -60, "has expired"),
        (65, None, 100, "issued in the future"),
        (0, Some(65), 100, "not valid yet"),
        (0, None, 301, "valid for 301 seconds"),
        (-3600, None, 100, "at most 300 seconds"),
        (10, None, 10, "expires before"),
        (10, None, -10, "expires before"),
    ] {
        let error = at(iat, nbf, exp).unwrap_err();
        assert!(error.contains(reason), "{iat} {nbf:?} {exp}: {error}");
    }
}

#[test]
fn claims_of_wrong_types_are_refused() {
    for name in ["iss", "sub", "iat", "exp"] {
        for value in [
            json!(null),
            json!(""),
            json!("1"),
            json!([1]),
            json!(-1),
            json!(1e300),
            json!(true),
        ] {
            if value == "1" && matches!(name, "iss" | "sub") {
                continue;
            }
            let token = ED25519.token("ed", &changed(|claims| claims[name] = value.clone()));
            let error = verify(&token).unwrap_err();
            assert!(
                error.contains(&format!("claim `{name}` is")),
                "{name} {value}: {error}"
            );
        }
    }
    let fractions = changed(|claims| {
        claims["iat"] = json!(claims["iat"].as_f64().unwrap() - 0.5);
        claims["exp"] = json!(claims["iat"].as_f64().unwrap() + 299.75);
    });
    assert!(verify(&ED25519.token("ed", &fractions)).is_ok());
}

#[test]
fn audiences_are_checked() {
    let with =
        |audience: Value| verify(&ED25519.token("ed", &changed(|claims| claims["aud"] = audience.clone())));
    for audience in [
        json!(AUDIENCE),
        json!(["x", AUDIENCE]),
        json!("https://other.example/app"),
    ] {
        assert!(with(audience.clone()).is_ok(), "{audience}");
    }
    for audience in [
        json!(null),
        json!(""),
        json!([]),
        json!([[AUDIENCE]]),
        json!({ "a": AUDIENCE }),
        json!(format!("{AUDIENCE}/")),
        json!("https://packages.example.com/example/app2"),
    ] {
        let error = with(audience.clone()).unwrap_err();
        assert!(
            error.contains("another audience") && error.contains(AUDIENCE),
            "{audience}: {error}"
        );
    }
}
