//! A whole registry of one's own: stack, server, organization, registry, tokens.

use std::sync::LazyLock;
use std::time::Duration;

use packages_api::formats::Ecosystem;
use packages_api::records::{NewToken, Organization, Records, Registry, Token};
use packages_api::{Actor, App, Config, Scope, Secret, Slug};
use packages_api_local::{Server, ServerOptions, Stack, StackOptions};

use super::client::Client;
use super::contents::Contents;
use super::fault_proxy::FaultProxy;
use super::log;
use super::registry_deeds::RegistryDeeds as _;

pub(crate) const ORGANIZATION: &str = "my_great_org";
pub(crate) const REGISTRY: &str = "my-registry";
pub(crate) const FILES: &str = "my-files";

/// The deployed API in small, and what an operator has made in it.
///
/// There are the organization [`ORGANIZATION`] and in it the registries [`REGISTRY`] (ruby) and
/// [`FILES`] (files).
#[derive(Debug)]
pub(crate) struct TestApp {
    pub(crate) stack: Stack,
    pub(crate) app: App,
    pub(crate) records: Records,
    pub(crate) organization: Organization,
    pub(crate) registry: Registry,
    pub(crate) user: Client,
    _server: Server,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let stack = Stack::start(StackOptions::default()).await.expect("a stack");
        let sdk = stack.sdk_config();
        Self::over(stack, &sdk, Duration::from_secs(25)).await
    }

    /// The same behind a proxy, through which the function asks the stack.
    pub(crate) async fn behind_proxy(request_timeout: Duration) -> (Self, FaultProxy) {
        let stack = Stack::start(StackOptions::default()).await.expect("a stack");
        let proxy = FaultProxy::start(&stack).await;
        let sdk = proxy.sdk_config(&stack);
        (Self::over(stack, &sdk, request_timeout).await, proxy)
    }

    /// A registry whose function is configured otherwise.
    pub(crate) async fn configured(configure: impl FnOnce(&mut Config)) -> Self {
        let stack = Stack::start(StackOptions::default()).await.expect("a stack");
        let sdk = stack.sdk_config();
        Self::over_configured(stack, &sdk, configure).await
    }

    /// The same behind a proxy, through which the function asks the stack.
    pub(crate) async fn configured_behind_proxy(configure: impl FnOnce(&mut Config)) -> (Self, FaultProxy) {
        let stack = Stack::start(StackOptions::default()).await.expect("a stack");
        let proxy = FaultProxy::start(&stack).await;
        let sdk = proxy.sdk_config(&stack);
        (Self::over_configured(stack, &sdk, configure).await, proxy)
    }

    /// The API over `stack`, asked through `sdk`, which may lead through a proxy. What the tests
    /// themselves do goes to the stack directly.
    pub(crate) async fn over(stack: Stack, sdk: &aws_config::SdkConfig, request_timeout: Duration) -> Self {
        Self::over_configured(stack, sdk, |config| config.request_timeout = request_timeout).await
    }

    async fn over_configured(
        stack: Stack,
        sdk: &aws_config::SdkConfig,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        log::keep();
        let mut config = Config::new(stack.table(), stack.bucket());
        configure(&mut config);
        config.files_base_url = stack.files_url();
        config.web_base_url = Some("https://web.example.com".to_owned());
        let mut app = None;
        let server = Server::start(ServerOptions::default(), |base_url| {
            config.api_base_url = Some(base_url.to_owned());
            let function = App::new(config, sdk);
            app = Some(function.clone());
            move |request| {
                let function = function.clone();
                async move { function.handle(request).await }
            }
        });
        let server = server.await.expect("a server");

        let records = Records::new(&stack.sdk_config(), stack.table());
        records.mark(stack.bucket()).await.expect("a new table");
        let organization = records.create_organization(&slug(ORGANIZATION), tester()).await;
        let organization = organization.expect("a new organization");
        let registry = create_registry(&records, &organization, REGISTRY, Ecosystem::Ruby).await;
        create_registry(&records, &organization, FILES, Ecosystem::Files).await;
        let mut user = Client {
            http: reqwest::Client::new(),
            base_url: server.base_url(),
            authorization: None,
            organization: ORGANIZATION.to_owned(),
            registry: REGISTRY.to_owned(),
            patient: false,
        };
        let all = NewToken {
            scopes: Scope::ALL.to_vec(),
            ..NewToken::default()
        };
        let (secret, _) = create_token(&records, &organization, all).await;
        user.authorization = Some(format!("Bearer {secret}"));
        Self {
            stack,
            app: app.expect("the server has made it"),
            records,
            organization,
            registry,
            user,
            _server: server,
        }
    }

    /// A user with a token for [`ORGANIZATION`] that may do this.
    pub(crate) async fn user_with(&self, scopes: &[Scope]) -> Client {
        let scopes = scopes.to_vec();
        let (client, _) = self
            .user_of(NewToken {
                scopes,
                ..NewToken::default()
            })
            .await;
        client
    }

    /// A user with this token for [`ORGANIZATION`].
    pub(crate) async fn user_of(&self, token: NewToken) -> (Client, Token) {
        let (secret, token) = create_token(&self.records, &self.organization, token).await;
        let authorization = format!("Bearer {secret}");
        (self.user.authorized(Some(&authorization)), token)
    }

    /// A user of an organization of its own, which has a registry [`REGISTRY`] too.
    pub(crate) async fn stranger(&self) -> Client {
        let other = self
            .records
            .create_organization(&slug("other_org"), tester())
            .await;
        let other = other.expect("a new organization");
        create_registry(&self.records, &other, REGISTRY, Ecosystem::Ruby).await;
        let all = NewToken {
            scopes: Scope::ALL.to_vec(),
            ..NewToken::default()
        };
        let (secret, _) = create_token(&self.records, &other, all).await;
        self.user.authorized(Some(&format!("Bearer {secret}")))
    }

    pub(crate) async fn create_registry(&self, name: &str, ecosystem: Ecosystem) -> Registry {
        create_registry(&self.records, &self.organization, name, ecosystem).await
    }

    /// Deletes the registry [`REGISTRY`] and creates it again at its address.
    pub(crate) async fn renew_registry(&self) -> Registry {
        let old = self.records.registry(&self.registry.address).await;
        let old = old.expect("a registry");
        self.records
            .delete_registry(&old, tester())
            .await
            .expect("it was there");
        self.create_registry(REGISTRY, old.ecosystem).await
    }

    pub(crate) async fn contents(&self) -> Contents {
        Contents::of(&self.stack).await
    }
}

/// Whoever makes and deletes what a test needs.
pub(crate) fn tester() -> &'static Actor {
    static TESTER: LazyLock<Actor> = LazyLock::new(|| Actor::operator("a test"));
    &TESTER
}

pub(crate) fn slug(text: &str) -> Slug {
    text.parse().expect("a slug")
}

async fn create_registry(
    records: &Records,
    organization: &Organization,
    name: &str,
    ecosystem: Ecosystem,
) -> Registry {
    let registry = records
        .create_registry(organization, &slug(name), ecosystem, tester())
        .await;
    registry.expect("a new registry")
}

async fn create_token(records: &Records, organization: &Organization, token: NewToken) -> (String, Token) {
    let secret = Secret::generate().expect("randomness");
    let token = records.create_token(organization, &secret, token, tester()).await;
    (secret.expose().to_owned(), token.expect("a new token"))
}
