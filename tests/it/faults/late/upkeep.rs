//! Writes of the sweep and of an adoption that arrive late: after the run that sent them was repeated.

use std::time::Duration;

use packages_api::Files;
use packages_api::adoption::Adoption;
use packages_api::records::Records;
use packages_api::sweep::Sweep;

use crate::adoption::halves::with_halves;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp};
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::held::{Held, Seen};
use crate::support::invariants::assert_consistent;
use crate::support::lines::renderers;
use crate::support::orphan::{id_of, leave};

/// Delivers the held request. Every package keeps its file.
async fn assert_harmless(app: &TestApp, held: &Held, what: &str) {
    let mut before = assert_consistent(&app.contents().await);
    let delivered = tokio::time::timeout(Duration::from_secs(30), held.deliver()).await;
    delivered.unwrap_or_else(|_| panic!("no {what} was held"));
    let mut after = assert_consistent(&app.contents().await);
    before.sort();
    after.sort();
    assert_eq!(after, before, "{what}");
}

#[tokio::test]
async fn late_writes_of_a_sweep_are_harmless() {
    for operation in ["DeleteObjects", "TransactWriteItems", "PutItem"] {
        let app = TestApp::start().await;
        app.user.publish(&Gem::banana().build()).await.id();
        app.renew_registry().await;
        let orphan = format!(
            "packages/{ORGANIZATION}/{FILES}/{}",
            id_of(Duration::from_hours(25))
        );
        leave(&app, &orphan).await;
        let proxy = FaultProxy::start(&app.stack).await;
        let sdk = proxy.sdk_config(&app.stack);
        let held = Held::new(Seen::Disconnect);
        proxy.inject(operation, Fault::Hold(held.clone()), 1);
        let records = Records::new(&sdk, app.stack.table());
        let sweep = Sweep::new(records, Files::new(&sdk, app.stack.bucket()), renderers);
        // An error is an error; the next run does the rest.
        let _ = sweep.run().await;
        proxy.clear();
        sweep.run().await.expect("a report");
        app.user.publish(&Gem::banana().build()).await.id();
        assert_harmless(&app, &held, operation).await;
    }
}

#[tokio::test]
async fn late_writes_of_an_adoption_are_harmless() {
    for operation in ["TransactWriteItems", "CopyObject", "PutItem"] {
        let (app, ids) = with_halves().await;
        let key = format!("packages/{ORGANIZATION}/{REGISTRY}/{}", ids[0]);
        let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
        let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
        delete.send().await.expect("a marker");
        let proxy = FaultProxy::start(&app.stack).await;
        let sdk = proxy.sdk_config(&app.stack);
        let held = Held::new(Seen::Disconnect);
        proxy.inject(operation, Fault::Hold(held.clone()), 1);
        let records = Records::new(&sdk, app.stack.table());
        let adoption = Adoption::new(records, Files::new(&sdk, app.stack.bucket()), false);
        let _ = adoption.run().await;
        proxy.clear();
        adoption.run().await.expect("a report");
        app.user.publish(&Gem::new("z", "1.0.0").build()).await.id();
        assert_harmless(&app, &held, operation).await;
    }
}
