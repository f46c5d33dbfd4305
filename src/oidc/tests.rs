use std::time::Duration;

use super::test_issuer::{AUDIENCE, ED25519, P256, TestIssuer, claims};
use super::*;

async fn authenticate(issuer: &TestIssuer, policy: &str, token: &str) -> Result<Identity, Refusal> {
    let authority = Authority::new(DEFAULT_TOKEN_LIFETIME, true);
    let policy = Policy::read(&policy.replace("ISSUER", &issuer.address)).unwrap();
    let token = UnverifiedToken::read(token).unwrap();
    authority
        .authenticate(token, &policy, &[AUDIENCE.to_owned()])
        .await
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
            refusal
                .to_string()
                .contains("does not name the OIDC token's issuer"),
            "{refusal}"
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
    assert!(
        matches!(refusal, Refusal::Invalid(_)) && refusal.to_string().contains("No statement"),
        "{refusal}"
    );
}

#[tokio::test]
async fn unknown_keys_are_retried_and_forged_refused() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let authority = Authority::new(DEFAULT_TOKEN_LIFETIME, true);
    let policy = Policy::read(&POLICY.replace("ISSUER", &issuer.address)).unwrap();
    let audiences = [AUDIENCE.to_owned()];
    let call =
        |token: String| authority.authenticate(UnverifiedToken::read(&token).unwrap(), &policy, &audiences);
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
fn identities_are_of_issuer_and_subject() {
    let id = identity_id("https://a.example", "b");
    assert_eq!(id.get_version_num(), 5);
    assert_eq!(id, identity_id("https://a.example", "b"));
    assert_ne!(id, identity_id("https://a.exampleb", ""));
    assert_ne!(id, identity_id("https://a.example", "c"));
}
