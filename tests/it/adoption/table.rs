//! The table's items, behind the API's back.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::app::TestApp;
use crate::support::contents::{Item, text};

pub(super) type Snapshot = BTreeMap<(String, String), Item>;

/// The table's items, behind the API's back.
pub(super) struct Table {
    client: aws_sdk_dynamodb::Client,
    name: &'static str,
}

impl Table {
    pub(super) fn of(app: &TestApp) -> Self {
        let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
        Self {
            client,
            name: app.stack.table(),
        }
    }

    pub(super) async fn put(&self, item: Item) {
        let put = self.client.put_item().table_name(self.name).set_item(Some(item));
        put.send().await.expect("a writable table");
    }

    pub(super) async fn delete(&self, (pk, sk): &(String, String)) {
        let key = [("pk", pk), ("sk", sk)];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())));
        let delete = self.client.delete_item().table_name(self.name);
        delete
            .set_key(Some(key.into()))
            .send()
            .await
            .expect("a writable table");
    }

    /// Makes the table what it was, under another name by its own word.
    pub(super) async fn restore(&self, app: &TestApp, snapshot: &Snapshot) {
        for key in app.contents().await.records.keys() {
            self.delete(key).await;
        }
        for item in snapshot.values() {
            let mut item = item.clone();
            if text(&item, "pk") == "marker" {
                item.insert(
                    "table".to_owned(),
                    AttributeValue::S("before-the-restore".to_owned()),
                );
            }
            self.put(item).await;
        }
    }

    /// Removes a package's item of this kind (`packages`, `names`, `releases`).
    pub(super) async fn remove(&self, app: &TestApp, kind: &str, id: &str) {
        let contents = app.contents().await;
        let found = contents.records.iter().find(|((pk, _), item)| {
            let attribute = if kind == "releases" { "package_id" } else { "id" };
            pk.starts_with(kind) && item.get(attribute) == Some(&AttributeValue::S(id.to_owned()))
        });
        self.delete(found.expect("the item").0).await;
    }
}
