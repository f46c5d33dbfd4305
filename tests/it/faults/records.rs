//! Organizations, registries and tokens, when answers are lost: own success is never taken for
//! somebody else's.

use packages_api::Secret;
use packages_api::formats::Ecosystem;
use packages_api::records::{NewToken, Records};

use crate::support::app::{TestApp, slug, tester};
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::registry_deeds::RegistryDeeds as _;

/// The records, asked through a proxy that loses every first answer to a transaction.
async fn forgetful(app: &TestApp) -> (Records, FaultProxy) {
    let proxy = FaultProxy::start(&app.stack).await;
    let records = Records::new(&proxy.sdk_config(&app.stack), app.stack.table());
    (records, proxy)
}

#[tokio::test]
async fn lost_answers_make_nothing_twice() {
    let app = TestApp::start().await;
    let (records, proxy) = forgetful(&app).await;
    let lose = || proxy.inject("TransactWriteItems", Fault::LoseAnswer, 1);
    lose();
    let organization = records
        .create_organization(&slug("another"), tester())
        .await
        .expect("made");
    lose();
    let made = records
        .create_registry(&organization, &slug("one"), Ecosystem::Ruby, tester())
        .await;
    let registry = made.expect("made");
    assert_eq!(
        records.registries(&organization).await.expect("read"),
        std::slice::from_ref(&registry)
    );
    lose();
    let secret = Secret::generate().expect("randomness");
    let made = records
        .create_token(&organization, &secret, NewToken::default(), tester())
        .await;
    let token = made.expect("made");
    assert_eq!(
        records.tokens(&organization).await.expect("read"),
        std::slice::from_ref(&token)
    );
    assert_eq!(
        records
            .organization(&slug("another"))
            .await
            .expect("read")
            .registries,
        1
    );

    lose();
    let deleted = records.delete_token(&organization, token.id, tester()).await;
    assert_eq!(deleted.expect("deleted"), token);
    lose();
    records
        .delete_registry(&registry, tester())
        .await
        .expect("deleted");
    lose();
    let deleted = records
        .delete_organization(&slug("another"), tester())
        .await
        .expect("deleted");
    assert_eq!((deleted.id, deleted.registries), (organization.id, 0));
}

#[tokio::test]
async fn second_creator_of_a_registry_is_refused() {
    let app = TestApp::start().await;
    let one = slug("one");
    let make = || {
        app.records
            .create_registry(&app.organization, &one, Ecosystem::Ruby, tester())
    };
    let (one, other) = tokio::join!(make(), make());
    assert_eq!(u8::from(one.is_ok()) + u8::from(other.is_ok()), 1);
    let organization = app
        .records
        .organization(&app.organization.slug)
        .await
        .expect("read");
    assert_eq!(organization.registries, 3);
}
