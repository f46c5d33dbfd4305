//! An issuer for tests: keys that are made when they are needed, and a server that misbehaves on demand. The
//! integration tests have this file as a module of their own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) static RSA: LazyLock<SigningKey> = LazyLock::new(|| {
    let generated = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'static> = generated.as_der().unwrap();
    SigningKey::Rsa(RsaKeyPair::from_pkcs8(pkcs8.as_ref()).unwrap())
});
pub(crate) static P256: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()));
pub(crate) static ED25519: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::Ed25519(Ed25519KeyPair::generate().unwrap()));

pub(crate) enum SigningKey {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub(crate) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let n = encode(public.modulus().big_endian_without_leading_zero());
                let e = encode(public.exponent().big_endian_without_leading_zero());
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e })
            }
            Self::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": encode(x), "y": encode(y) })
            }
            Self::Ed25519(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(pair.public_key().as_ref()) })
            }
        }
    }

    /// A token with this header and these claims, whatever they say.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
                    .unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", encode(signature))
    }

    /// A token as an honest issuer makes it.
    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        self.sign(
            &json!({ "typ": "JWT", "alg": self.algorithm(), "kid": kid }),
            claims,
        )
    }
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The claims of a token for this audience that was issued just now.
pub(crate) fn claims_for(issuer: &str, audience: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({
        "iss": issuer, "sub": "repo:example/app", "aud": audience,
        "iat": now, "nbf": now, "exp": now + 300, "repository": "example/app",
    })
}

/// How the server answers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    Honest,
    Slow,
    Huge,
    Endless,
    Redirecting,
    Failing,
    NoJson,
    NoKeys,
    OtherIssuer,
    KeysElsewhere(&'static str),
}

/// A server on loopback.
pub(crate) struct TestIssuer {
    pub(crate) address: String,
    pub(crate) requests: Arc<AtomicUsize>,
    served: Arc<Mutex<(Manner, Vec<Value>)>>,
}

impl TestIssuer {
    pub(crate) async fn start(keys: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::new(Mutex::new((Manner::Honest, keys)));
        let requests = Arc::new(AtomicUsize::new(0));
        let (own, shared, counter) = (address.clone(), Arc::clone(&served), Arc::clone(&requests));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                let (manner, keys) = shared.lock().unwrap().clone();
                tokio::spawn(answer(stream, own.clone(), manner, keys));
            }
        });
        Self {
            address,
            requests,
            served,
        }
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.served.lock().unwrap().0 = manner;
    }

    pub(crate) fn publish(&self, keys: Vec<Value>) {
        self.served.lock().unwrap().1 = keys;
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn answer(mut stream: TcpStream, own: String, manner: Manner, keys: Vec<Value>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        request.push(byte);
    }
    let is_keys = request.starts_with(b"GET /keys ");
    let honest = if is_keys {
        json!({ "keys": keys })
    } else {
        assert!(request.starts_with(b"GET /.well-known/openid-configuration HTTP/1.1\r\n"));
        json!({ "issuer": own, "jwks_uri": format!("{own}/keys"), "response_types_supported": ["id_token"] })
    };
    let (status, body) = match manner {
        Manner::Slow => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            return;
        }
        Manner::Endless => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
                .await;
            tokio::time::sleep(Duration::from_secs(30)).await;
            return;
        }
        Manner::Huge => ("200 OK", format!("{honest}{}", " ".repeat(1024 * 1024))),
        Manner::Redirecting => ("302 Found\r\nlocation: /keys", String::new()),
        Manner::Failing => ("503 Service Unavailable", honest.to_string()),
        Manner::NoJson => ("200 OK", "<html></html>".to_owned()),
        Manner::NoKeys if is_keys => ("200 OK", json!({ "keys": [] }).to_string()),
        Manner::OtherIssuer if !is_keys => {
            let other = json!({ "issuer": "https://other.example", "jwks_uri": format!("{own}/keys") });
            ("200 OK", other.to_string())
        }
        Manner::KeysElsewhere(place) if !is_keys => {
            ("200 OK", json!({ "issuer": own, "jwks_uri": place }).to_string())
        }
        _ => ("200 OK", honest.to_string()),
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}
