//! Lists of a registry whose address others had before it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::Method;
use packages_api::PackageId;
use uuid::Uuid;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::bulk;
use crate::support::gem::Gem;

/// The ids of the packages of a list's page.
async fn listed(app: &TestApp, query: &str) -> Vec<String> {
    let path = format!("{}{query}", app.user.packages());
    let page = app.user.call(Method::GET, &path).await.json();
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn earlier_generations_cost_a_list_nothing() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let like = app.user.publish(&Gem::banana().build()).await.id();
    let names = (0..bulk::count(1000)).map(|number| {
        if number % 2 == 0 {
            "banana".to_owned()
        } else {
            format!("n{number}")
        }
    });
    bulk::add(&app.stack, &format!("{ORGANIZATION}/{REGISTRY}"), &like, names).await;
    app.renew_registry().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    for query in ["", "?per_page=1", "?name=banana", "?name=n1"] {
        proxy.clear();
        let expected = if query == "?name=n1" {
            vec![]
        } else {
            vec![kept.clone()]
        };
        assert_eq!(listed(&app, query).await, expected, "{query}");
        assert_eq!(proxy.calls(), ["BatchGetItem", "Query"], "{query}");
    }
}

/// An id of a clock that is an hour ahead.
fn id_of_the_future() -> Uuid {
    let moment = SystemTime::now() + Duration::from_hours(1);
    let millis = moment.duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    uuid::Builder::from_unix_timestamp_millis(millis.try_into().expect("this century"), &[0; 10]).into_uuid()
}

#[tokio::test]
async fn generations_are_in_order_whatever_the_clocks() {
    let app = TestApp::start().await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    let ahead = id_of_the_future();
    let key = |name: &str, value: &str| (name.to_owned(), AttributeValue::S(value.to_owned()));
    let update = dynamodb.update_item().table_name(app.stack.table());
    let update = update
        .set_key(Some(
            [
                key("pk", &format!("organization/{ORGANIZATION}")),
                key("sk", &format!("registry/{REGISTRY}")),
            ]
            .into(),
        ))
        .update_expression("SET id = :id")
        .expression_attribute_values(":id", AttributeValue::S(ahead.to_string()));
    update.send().await.expect("a writable table");

    let first = app.user.publish(&Gem::banana().build()).await.id();
    let second = app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert!(
        ahead.to_string() < first && first < second,
        "{ahead} {first} {second}"
    );
    assert_eq!(listed(&app, "").await, [second.clone(), first]);

    let successor = app.renew_registry().await;
    assert!(successor.id.to_string() > second, "{} {second}", successor.id);
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(listed(&app, "").await, std::slice::from_ref(&kept));
    assert_eq!(app.user.get(&kept).await.status, 200);
    // An emptied generation is still one: its deletion is remembered.
    app.user.delete(&kept).await;
    assert!(app.renew_registry().await.id > successor.id);
}

/// A checksum is no signature: whoever forges a cursor is answered an empty page, not an error.
#[tokio::test]
async fn cursors_below_the_registry_end_the_list() {
    let app = TestApp::start().await;
    let old = PackageId::mint();
    let registry = app.renew_registry().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    let place = format!("{}/{old}", registry.id);
    let sum = crc32fast::hash(place.as_bytes());
    let cursor = BASE64.encode(format!("{sum:08x}/{place}"));
    assert_eq!(
        listed(&app, &format!("?after={cursor}")).await,
        Vec::<String>::new()
    );
    assert_eq!(listed(&app, &format!("?before={cursor}")).await, [kept]);
}
