//! Jobs of a build system: an issuer of ours, a policy that names it, and users with its tokens.

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::{Config, OidcConfig};
use serde_json::Value;

use super::app::{ORGANIZATION, REGISTRY, TestApp};
use super::client::Client;
use super::fault_proxy::FaultProxy;
use super::issuer::{P256, SigningKey, TestIssuer, claims_for};

/// A policy with a statement that no token of the tests matches before the one that all do.
pub(crate) const POLICY: &str = "\
- iss: ISSUER
  scopes: [read_packages]
  claims: { repository: example/other }
- iss: ISSUER
  scopes: [read_packages, write_packages, delete_packages]
  claims: { repository: example/app }
";

/// A registry that lets jobs of an issuer in.
pub(crate) struct Jobs {
    pub(crate) app: TestApp,
    pub(crate) issuer: TestIssuer,
}

/// A function that contacts issuers on loopback.
pub(crate) fn private_issuers(config: &mut Config) {
    config.oidc.allows_private_issuers = true;
}

impl Jobs {
    pub(crate) async fn start() -> Self {
        Self::of(TestApp::configured(private_issuers).await).await
    }

    pub(crate) async fn configured(oidc: OidcConfig) -> Self {
        Self::of(TestApp::configured(|config| config.oidc = oidc).await).await
    }

    pub(crate) async fn behind_proxy() -> (Self, FaultProxy) {
        let (app, proxy) = TestApp::configured_behind_proxy(private_issuers).await;
        (Self::of(app).await, proxy)
    }

    /// The issuer publishes a key `one`, and the registry [`REGISTRY`] has the policy [`POLICY`].
    async fn of(app: TestApp) -> Self {
        let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
        let jobs = Self { app, issuer };
        jobs.set_policy(REGISTRY, POLICY).await;
        jobs
    }

    /// Gives a registry a policy, in which `ISSUER` stands for the issuer's address.
    pub(crate) async fn set_policy(&self, registry: &str, policy: &str) {
        let client = aws_sdk_dynamodb::Client::new(&self.app.stack.sdk_config());
        let policy = policy.replace("ISSUER", &self.issuer.address);
        let update = client.update_item().table_name(self.app.stack.table());
        let update = update
            .key("pk", AttributeValue::S(format!("organization/{ORGANIZATION}")))
            .key("sk", AttributeValue::S(format!("registry/{registry}")))
            .update_expression("SET oidc_policy = :policy")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":policy", AttributeValue::S(policy));
        update.send().await.expect("a registry");
    }

    /// Claims for a registry, issued just now.
    pub(crate) fn claims(&self, registry: &str) -> Value {
        let audience = format!("{}/{ORGANIZATION}/{registry}", self.app.user.base_url);
        claims_for(&self.issuer.address, &audience)
    }

    /// A job with this token.
    pub(crate) fn with(&self, token: &str) -> Client {
        self.app.user.authorized(Some(&format!("Bearer {token}")))
    }

    /// A job whose token was signed with a key.
    pub(crate) fn signed(&self, key: &SigningKey, kid: &str) -> Client {
        self.with(&key.token(kid, &self.claims(REGISTRY)))
    }

    /// A job whose token has been changed before it was signed.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut Value)) -> Client {
        let mut claims = self.claims(REGISTRY);
        change(&mut claims);
        self.with(&P256.token("one", &claims))
    }

    /// A job as it should be.
    pub(crate) fn job(&self) -> Client {
        self.signed(&P256, "one")
    }
}
