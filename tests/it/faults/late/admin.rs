//! An operator's transactions that arrive late.

use packages_api::formats::Ecosystem;
use packages_api::records::{NewToken, Organization, Records, Registry, Token};
use packages_api::{Error, Secret};

use crate::support::app::{TestApp, slug, tester};
use crate::support::contents::Contents;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::held::{Held, Seen};
use crate::support::registry_deeds::RegistryDeeds as _;

/// The records through a proxy that holds the first attempt of a transaction.
struct Operator {
    app: TestApp,
    records: Records,
    held: Held,
    proxy: FaultProxy,
}

impl Operator {
    async fn start() -> Self {
        let app = TestApp::start().await;
        let proxy = FaultProxy::start(&app.stack).await;
        Self {
            records: Records::new(&proxy.sdk_config(&app.stack), app.stack.table()),
            held: Held::new(Seen::Disconnect),
            proxy,
            app,
        }
    }

    /// The records, whose next transaction is held.
    fn hold(&self) -> &Records {
        let held = Fault::Hold(self.held.clone());
        self.proxy.inject("TransactWriteItems", held, 1);
        &self.records
    }

    /// Delivers what was held. Nothing changes by it that readers see.
    async fn assert_harmless(&self) {
        let before = self.app.contents().await;
        let (status, body) = self.held.deliver().await;
        let after = self.app.contents().await;
        assert_eq!(after.readable(), before.readable(), "{status} {body}");
    }

    async fn make_registry(&self) -> Registry {
        self.app.create_registry("one", Ecosystem::Ruby).await
    }

    async fn make_organization(&self) -> Organization {
        let made = self
            .app
            .records
            .create_organization(&slug("another"), tester())
            .await;
        made.expect("a new organization")
    }

    async fn make_token(&self, secret: &Secret) -> Token {
        let (records, organization) = (&self.app.records, &self.app.organization);
        let made = records.create_token(organization, secret, NewToken::default(), tester());
        made.await.expect("a new token")
    }

    async fn contents(&self) -> Contents {
        self.app.contents().await
    }
}

#[tokio::test]
async fn refused_organizations_are_not_made_later() {
    let operator = Operator::start().await;
    operator.make_organization().await;
    let refused = operator
        .hold()
        .create_organization(&slug("another"), tester())
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let deleted = operator
        .app
        .records
        .delete_organization(&slug("another"), tester())
        .await;
    deleted.expect("deleted");
    operator.assert_harmless().await;
    assert_eq!(operator.contents().await.fences().len(), 1);
    operator.make_organization().await;
}

#[tokio::test]
async fn refused_registries_are_not_made_later() {
    let operator = Operator::start().await;
    let first = operator.make_registry().await;
    let organization = &operator.app.organization;
    let refused = operator
        .hold()
        .create_registry(organization, first.slug(), Ecosystem::Ruby, tester());
    let refused = refused.await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    operator
        .app
        .records
        .delete_registry(&first, tester())
        .await
        .expect("deleted");
    operator.assert_harmless().await;
    assert_eq!(operator.contents().await.fences().len(), 1);
    operator.make_registry().await;
}

#[tokio::test]
async fn refused_tokens_are_not_made_later() {
    let operator = Operator::start().await;
    let secret = Secret::generate().expect("randomness");
    let first = operator.make_token(&secret).await;
    let organization = &operator.app.organization;
    let refused = operator
        .hold()
        .create_token(organization, &secret, NewToken::default(), tester())
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let deleted = operator
        .app
        .records
        .delete_token(organization, first.id, tester())
        .await;
    deleted.expect("deleted");
    operator.assert_harmless().await;
    assert_eq!(operator.contents().await.fences().len(), 1);
    operator.make_token(&secret).await;
}

#[tokio::test]
async fn undeleted_organizations_stay() {
    let operator = Operator::start().await;
    let organization = operator.make_organization().await;
    let records = &operator.app.records;
    let made = records
        .create_registry(&organization, &slug("one"), Ecosystem::Ruby, tester())
        .await;
    let registry = made.expect("a new registry");
    let refused = operator
        .hold()
        .delete_organization(&organization.slug, tester())
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    records
        .delete_registry(&registry, tester())
        .await
        .expect("deleted");
    operator.assert_harmless().await;
    let kept = records.organization(&organization.slug).await.expect("kept");
    assert_eq!(kept.id, organization.id);
}

/// By identity: what was made anew under the same address is another one.
#[tokio::test]
async fn late_deletes_leave_successors_alone() {
    let operator = Operator::start().await;
    let registry = operator.make_registry().await;
    let deleted = operator.hold().delete_registry(&registry, tester()).await;
    deleted.expect("deleted by the second attempt");
    operator.make_registry().await;
    operator.assert_harmless().await;

    let operator = Operator::start().await;
    let registry = operator.make_registry().await;
    let direct = &operator.app.records;
    direct
        .delete_registry(&registry, tester())
        .await
        .expect("deleted");
    operator.make_registry().await;
    let refused = operator.hold().delete_registry(&registry, tester()).await;
    assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
    operator.assert_harmless().await;

    let operator = Operator::start().await;
    let secret = Secret::generate().expect("randomness");
    let token = operator.make_token(&secret).await;
    let organization = &operator.app.organization;
    let deleted = operator
        .hold()
        .delete_token(organization, token.id, tester())
        .await;
    deleted.expect("deleted by the second attempt");
    operator.make_token(&secret).await;
    operator.assert_harmless().await;
}

/// A record that a later attempt made, and that was deleted since, is not made again.
#[tokio::test]
async fn late_creations_make_nothing_twice() {
    let operator = Operator::start().await;
    let made = operator
        .hold()
        .create_organization(&slug("another"), tester())
        .await;
    made.expect("made by the second attempt");
    let deleted = operator
        .app
        .records
        .delete_organization(&slug("another"), tester())
        .await;
    deleted.expect("deleted");
    operator.assert_harmless().await;

    let operator = Operator::start().await;
    let organization = &operator.app.organization;
    let made = operator
        .hold()
        .create_registry(organization, &slug("one"), Ecosystem::Ruby, tester())
        .await;
    let registry = made.expect("made by the second attempt");
    let direct = &operator.app.records;
    direct
        .delete_registry(&registry, tester())
        .await
        .expect("deleted");
    operator.assert_harmless().await;

    let operator = Operator::start().await;
    let secret = Secret::generate().expect("randomness");
    let organization = &operator.app.organization;
    let made = operator
        .hold()
        .create_token(organization, &secret, NewToken::default(), tester())
        .await;
    let token = made.expect("made by the second attempt");
    let deleted = operator
        .app
        .records
        .delete_token(organization, token.id, tester())
        .await;
    deleted.expect("deleted");
    operator.assert_harmless().await;
}
