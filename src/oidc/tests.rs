use std::time::Duration;

use serde_json::Value;

use super::test_issuer::{ED25519, P256, TestIssuer, claims_for};
use super::test_store::MemoryStore;
use super::*;

pub(super) const AUDIENCE: &str = "https://packages.example.com/example/app";

/// The claims of a token for [`AUDIENCE`] that was issued just now.
pub(super) fn claims(issuer: &str) -> Value {
    claims_for(issuer, AUDIENCE)
}

/// An authority whose base and [`registry`] make the audience of the test issuer's tokens.
fn authority() -> Authority {
    let config = OidcConfig {
        allows_private_issuers: true,
        ..OidcConfig::default()
    };
    let store = Arc::new(MemoryStore::default());
    Authority::new("https://packages.example.com", config, store)
}

fn registry() -> RegistryAddress {
    "example/app".parse().unwrap()
}

async fn authenticate(issuer: &TestIssuer, policy: &str, token: &str) -> Result<Identity, Refusal> {
    let policy = Policy::read(&policy.replace("ISSUER", &issuer.address)).unwrap();
    let token = UnverifiedToken::read(token).unwrap();
    authority().authenticate(token, &policy, &registry()).await
}

/// The message of a refusal for good.
fn message(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Invalid(invalid) => invalid.to_string(),
        Refusal::Later { .. } => panic!("{refusal:?}"),
    }
}

const POLICY: &str = "\
- iss: ISSUER
  scopes: [delete_packages]
  claims: { repository: example/other }
- iss: ISSUER
  scopes: [write_packages]
  claims: { repository: example/app }
";

#[tokio::test]
async fn tokens_get_what_the_policy_grants() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let token = P256.token("one", &claims(&issuer.address));
    let identity = authenticate(&issuer, POLICY, &token).await.unwrap();
    let expected = Identity {
        id: identity_id(&issuer.address, "repo:example/app"),
        issuer: issuer.address.clone(),
        subject: "repo:example/app".to_owned(),
        scopes: vec![Scope::WritePackages],
        statement: 2,
    };
    assert_eq!(identity, expected);
}

#[tokio::test]
async fn issuers_outside_the_policy_are_not_contacted() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let token = P256.token("one", &claims(&issuer.address));
    for policy in ["[]", "- iss: https://issuer.example", "- iss: ISSUER/"] {
        let refusal = authenticate(&issuer, policy, &token).await.unwrap_err();
        assert!(
            message(&refusal).contains("does not name the OIDC token's issuer"),
            "{refusal:?}"
        );
    }
    assert_eq!(issuer.count(), 0);
}

#[tokio::test]
async fn tokens_without_a_statement_are_refused() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let mut claims = claims(&issuer.address);
    claims["repository"] = "stranger/app".into();
    let refusal = authenticate(&issuer, POLICY, &P256.token("one", &claims))
        .await
        .unwrap_err();
    assert!(message(&refusal).contains("No statement"), "{refusal:?}");
}

#[tokio::test]
async fn unknown_keys_are_retried_and_forged_refused() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let (authority, registry) = (authority(), registry());
    let policy = Policy::read(&POLICY.replace("ISSUER", &issuer.address)).unwrap();
    let call =
        |token: String| authority.authenticate(UnverifiedToken::read(&token).unwrap(), &policy, &registry);
    assert!(call(P256.token("one", &claims(&issuer.address))).await.is_ok());
    let later = call(ED25519.token("two", &claims(&issuer.address)))
        .await
        .unwrap_err();
    let Refusal::Later { retry_after, .. } = &later else {
        panic!("{later:?}");
    };
    assert!((55..=60).contains(&retry_after.as_secs()) && *retry_after < Duration::from_secs(61));
    assert!(matches!(
        call(ED25519.token("one", &claims(&issuer.address))).await,
        Err(Refusal::Invalid(_))
    ));
}

#[test]
fn audiences_are_those_of_deployment_and_registry() {
    let check = |accepts_public_audience, audience: &str| {
        let config = OidcConfig {
            accepts_public_audience,
            ..OidcConfig::default()
        };
        let store = Arc::new(MemoryStore::default());
        let authority = Authority::new("https://packages.example.com", config, store);
        let mut claims = claims("https://issuer.example");
        claims["aud"] = audience.into();
        let token = UnverifiedToken::read(&P256.token("one", &claims)).unwrap();
        authority.check(&token, &registry()).is_ok()
    };
    let public = format!("{PUBLIC_AUDIENCE}/example/app");
    assert!(check(false, "https://packages.example.com/example/app"));
    assert!(!check(false, &public));
    assert!(check(true, &public));
    for foreign in ["https://packages.example.com/example/other", PUBLIC_AUDIENCE, ""] {
        assert!(!check(true, foreign), "{foreign}");
    }
}

#[test]
fn identities_are_of_issuer_and_subject() {
    let id = identity_id("https://a.example", "b");
    assert_eq!(id.get_version_num(), 5);
    assert_eq!(id, identity_id("https://a.example", "b"));
    assert_ne!(id, identity_id("https://a.exampleb", ""));
    assert_ne!(id, identity_id("https://a.example", "c"));
}
