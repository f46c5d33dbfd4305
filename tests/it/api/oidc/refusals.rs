//! Tokens that are not let in, and what they learn.

use http::Method;
use insta::assert_snapshot;
use packages_api::{App, Config, OidcConfig};
use serde_json::json;

use crate::support::answer::redacted;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY};
use crate::support::client::Client;
use crate::support::gem::Gem;
use crate::support::issuer::{ED25519, P256, RSA, encode};
use crate::support::jobs::{Jobs, private_issuers};

/// A change of claims, under the name that the snapshot has.
type Change = (&'static str, fn(&mut serde_json::Value));

fn now(claims: &serde_json::Value) -> u64 {
    claims["iat"].as_u64().expect("a time")
}

/// Tokens that are refused before anything is read.
const UNREAD: [Change; 8] = [
    ("expired", |claims| {
        claims["iat"] = (now(claims) - 400).into();
        claims["exp"] = (now(claims) + 300).into();
    }),
    ("issued in the future", |claims| {
        claims["iat"] = (now(claims) + 120).into();
        claims["exp"] = (now(claims) + 60).into();
    }),
    ("not yet valid", |claims| {
        claims["nbf"] = (now(claims) + 120).into();
    }),
    ("too long", |claims| claims["exp"] = (now(claims) + 301).into()),
    ("without end", |claims| claims["exp"] = json!(null)),
    ("without audience", |claims| claims["aud"] = json!(null)),
    ("for another service", |claims| {
        claims["aud"] = "https://packages.example.com/my_great_org/my-registry".into();
    }),
    ("without issuer", |claims| claims["iss"] = json!(null)),
];

#[tokio::test]
async fn invalid_tokens_are_told_why_without_a_read() {
    let (jobs, proxy) = Jobs::behind_proxy().await;
    let mut answers = String::new();
    for (name, change) in UNREAD {
        let job = jobs.changed(change);
        let answer = job.publish(&Gem::banana().build()).await;
        answer.assert_error(401);
        // Not even whether there is such a registry.
        let elsewhere = job.at("nowhere", "nothing").get("x").await;
        elsewhere.assert_error(401);
        answers.push_str(&format!("{name}: {}\n", answer.message()));
    }
    let honest = P256.token("one", &jobs.claims(REGISTRY));
    let (message, _) = honest.rsplit_once('.').expect("a token");
    let claims = encode(jobs.claims(REGISTRY).to_string());
    let none = encode(json!({ "alg": "none", "kid": "one" }).to_string());
    let long = format!("{message}.{}", "A".repeat(8192));
    for (name, token) in [
        ("none", format!("{none}.{claims}.")),
        (
            "HMAC",
            P256.sign(&json!({ "alg": "HS256", "kid": "one" }), &jobs.claims(REGISTRY)),
        ),
        (
            "without key",
            P256.sign(&json!({ "alg": "ES256" }), &jobs.claims(REGISTRY)),
        ),
        ("cut off", honest[..honest.len() / 3].to_owned() + ".x.y"),
        ("too large", long),
    ] {
        let answer = jobs.with(&token).get("x").await;
        answer.assert_error(401);
        answers.push_str(&format!("{name}: {}\n", answer.message()));
    }
    assert_eq!(proxy.calls(), [""; 0]);
    assert_eq!(jobs.issuer.count(), 0);
    assert_snapshot!(redacted(&answers, &jobs.app.user.base_url));
}

#[tokio::test]
async fn forged_and_strange_tokens_are_refused() {
    let jobs = Jobs::start().await;
    jobs.issuer.publish(vec![P256.jwk("one"), RSA.jwk("rsa")]);
    let claims = jobs.claims(REGISTRY);
    let honest = P256.token("one", &claims);
    let (message, signature) = honest.rsplit_once('.').expect("a token");
    let (header, _) = message.split_once('.').expect("a token");
    let mut other = claims.clone();
    other["sub"] = "repo:example/stranger".into();
    let unmatched = {
        let mut claims = claims.clone();
        claims["repository"] = "stranger/app".into();
        P256.token("one", &claims)
    };
    let mut answers = String::new();
    for (name, token) in [
        (
            "other claims",
            format!("{header}.{}.{signature}", encode(other.to_string())),
        ),
        ("other key", ED25519.token("one", &claims)),
        ("key of another algorithm", P256.token("rsa", &claims)),
        ("no statement", unmatched),
    ] {
        let job = jobs.with(&token);
        let answer = job.publish(&Gem::banana().build()).await;
        answer.assert_error(401);
        for other in [job.get("x").await, job.delete("x").await] {
            assert_eq!(other.text(), answer.text(), "{name}");
        }
        answers.push_str(&format!("{name}: {}\n", answer.rendered()));
    }
    assert_snapshot!(answers);
    assert!(jobs.app.contents().await.of_kind("packages").is_empty());
}

/// The three calls by this job, each answered with this error, word for word the same.
async fn refused(job: &Client, status: u16) -> String {
    let get = job.get("0191e23a-4bc8-7683-bfa4-5f73bc9b7c44").await;
    let publish = job.publish(&Gem::banana().build()).await;
    let delete = job.delete("0191e23a-4bc8-7683-bfa4-5f73bc9b7c44").await;
    for answer in [&get, &publish, &delete] {
        answer.assert_error(status);
        assert_eq!(answer.text(), get.text());
    }
    get.rendered()
}

/// A job of a registry, wherever that is.
fn at(jobs: &Jobs, organization: &str, registry: &str) -> Client {
    let mut claims = jobs.claims(REGISTRY);
    claims["aud"] = format!("{}/{organization}/{registry}", jobs.app.user.base_url).into();
    jobs.with(&P256.token("one", &claims)).at(organization, registry)
}

#[tokio::test]
async fn missing_registries_look_like_other_issuers_registries() {
    let jobs = Jobs::start().await;
    let missing = refused(&at(&jobs, ORGANIZATION, "nothing"), 404).await;
    // A registry without a policy, one with the policy of another issuer, and another organization.
    let without = refused(&at(&jobs, ORGANIZATION, FILES), 404).await;
    assert_eq!(without.replace(FILES, "nothing"), missing);
    jobs.set_policy(FILES, "- iss: https://issuer.example").await;
    assert_eq!(refused(&at(&jobs, ORGANIZATION, FILES), 404).await, without);
    jobs.app.stranger().await;
    let foreign = refused(&at(&jobs, "other_org", REGISTRY), 404).await;
    let nowhere = refused(&at(&jobs, "nowhere", REGISTRY), 404).await;
    assert_eq!(foreign.replace("other_org", "nowhere"), nowhere);
    refused(&at(&jobs, ORGANIZATION, "No Slug"), 404).await;
    assert_eq!(jobs.issuer.count(), 0, "nobody was contacted");
    assert_snapshot!(missing);
}

#[tokio::test]
async fn lifetimes_are_bounded_by_the_deployment() {
    let jobs = Jobs::configured(OidcConfig {
        max_token_lifetime: std::time::Duration::from_hours(1),
        allows_private_issuers: true,
        ..OidcConfig::default()
    })
    .await;
    let lasting = |seconds: u64| jobs.changed(move |claims| claims["exp"] = (now(claims) + seconds).into());
    lasting(3600).publish(&Gem::banana().build()).await.id();
    lasting(3601)
        .publish(&Gem::banana().build())
        .await
        .assert_error(401);
}

/// No token can name a deployment that does not know its own address.
#[tokio::test]
async fn deployments_without_an_address_accept_no_tokens() {
    let jobs = Jobs::start().await;
    let mut config = Config::new(jobs.app.stack.table(), jobs.app.stack.bucket());
    private_issuers(&mut config);
    let app = App::new(config, &jobs.app.stack.sdk_config());
    let token = P256.token("one", &jobs.claims(REGISTRY));
    let request = http::Request::builder()
        .method(Method::GET)
        .uri(format!("{}/x", jobs.app.user.packages()))
        .header("authorization", format!("Bearer {token}"))
        .body(lambda_http::Body::Empty)
        .expect("a request");
    let answer = app.handle(request).await;
    assert_eq!(answer.status(), 401);
    let body = std::str::from_utf8(answer.body()).expect("JSON");
    assert!(body.contains("set API_BASE_URL"), "{body}");
}
