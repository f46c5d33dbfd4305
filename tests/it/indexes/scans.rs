//! Scans of all packages: when one is due, and what it must not lose.

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::indexes::rebuild;

use crate::support::app::TestApp;
use crate::support::contents::{Item, put_item, remove_item};
use crate::support::gem::Gem;
use crate::support::lines::{LINES, Reader};

/// The record of the only head.
async fn head(app: &TestApp) -> Item {
    let contents = app.contents().await;
    let [(_, head)] = contents.of_kind("indexes")[..] else {
        panic!("one head");
    };
    head.clone()
}

/// Lets the head's next scan be due at this second since 1970.
async fn make_due(app: &TestApp, due: u64) {
    let mut head = head(app).await;
    head.insert("scan_due".to_owned(), AttributeValue::N(due.to_string()));
    put_item(&app.stack, head).await;
}

/// A package as a version from before changes publishes it.
async fn publish_without_change(app: &TestApp, gem: &Gem) {
    app.user.publish(&gem.build()).await.id();
    for (_, change) in app.contents().await.of_kind("changes") {
        remove_item(&app.stack, change).await;
    }
}

#[tokio::test]
async fn scans_stay_due_until_begun_later() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(reader.packages().await, [""; 0]);
    let due = head(&app).await["scan_due"].clone();
    let built = rebuild(&reader.context(), &reader.registry, &LINES).await;
    assert_eq!(built.expect("an index").members, 0);
    assert_eq!(head(&app).await.get("scan_due"), Some(&due));
    publish_without_change(&app, &Gem::banana()).await;
    make_due(&app, 1).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(head(&app).await.get("scan_due"), None);
}
