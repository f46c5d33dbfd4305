//! Updates of registries that arrive late: none undoes what came after it.

use packages_api::records::{Records, Registry, operator_deadline};
use packages_api::registries::{self, Change, Changes};

use crate::support::app::{TestApp, tester};
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::held::{Held, Seen};

fn description(text: &str) -> Changes {
    Changes {
        description: Change::Set(text.to_owned()),
        ..Changes::default()
    }
}

fn emoji(text: &str) -> Changes {
    Changes {
        emoji: Change::Set(text.to_owned()),
        ..Changes::default()
    }
}

async fn update(records: &Records, registry: &Registry, changes: &Changes) -> Registry {
    let updated = registries::update(records, registry.clone(), changes, tester(), operator_deadline());
    updated.await.expect("updated")
}

/// Records through a proxy that holds the first attempt of the next transaction.
async fn holding(app: &TestApp) -> (Records, Held, FaultProxy) {
    let proxy = FaultProxy::start(&app.stack).await;
    let held = Held::new(Seen::Disconnect);
    proxy.inject("TransactWriteItems", Fault::Hold(held.clone()), 1);
    let records = Records::new(&proxy.sdk_config(&app.stack), app.stack.table());
    (records, held, proxy)
}

#[tokio::test]
async fn late_updates_undo_nothing() {
    let app = TestApp::start().await;
    let (records, held, _proxy) = holding(&app).await;
    let first = update(&records, &app.registry, &description("first")).await;
    let second = update(&app.records, &first, &description("second")).await;
    let before = app.contents().await;
    held.deliver().await;
    assert_eq!(app.contents().await.readable(), before.readable());
    let found = app.records.registry(&app.registry.address).await;
    assert_eq!(found.expect("it is there"), second);
}

#[tokio::test]
async fn updates_that_lost_a_race_keep_the_winner() {
    let app = TestApp::start().await;
    let (records, held, _proxy) = holding(&app).await;
    // The winner, of which the loser has not read.
    update(&app.records, &app.registry, &emoji(":gem:")).await;
    let loser = update(&records, &app.registry, &description("later")).await;
    assert_eq!(loser.details.emoji.as_deref(), Some(":gem:"));
    assert_eq!(loser.details.description.as_deref(), Some("later"));
    let before = app.contents().await;
    held.deliver().await;
    assert_eq!(app.contents().await.readable(), before.readable());
}

#[tokio::test]
async fn late_updates_leave_successors_alone() {
    let app = TestApp::start().await;
    let (records, held, _proxy) = holding(&app).await;
    update(&records, &app.registry, &description("first")).await;
    let successor = app.renew_registry().await;
    held.deliver().await;
    let found = app.records.registry(&app.registry.address).await;
    assert_eq!(found.expect("it is there"), successor);
    let (changes, old) = (emoji(":gem:"), app.registry.clone());
    let gone = registries::update(&app.records, old, &changes, tester(), operator_deadline());
    assert!(matches!(gone.await, Err(packages_api::Error::NotFound(_))));
}
