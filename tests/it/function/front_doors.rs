//! Every front door: its events in, and the answers that it understands out.

use insta::assert_json_snapshot;

use super::fixture::Fixture;
use crate::support::event::event;

#[tokio::test]
async fn rest_apis_are_answered() {
    assert_json_snapshot!(Fixture::new().await.round_trip("rest").await);
}

#[tokio::test]
async fn custom_domains_are_answered() {
    assert_json_snapshot!(Fixture::new().await.round_trip("rest-custom-domain").await);
}

#[tokio::test]
async fn http_apis_are_answered() {
    assert_json_snapshot!(Fixture::new().await.round_trip("http-api").await);
}

#[tokio::test]
async fn function_urls_are_answered() {
    assert_json_snapshot!(Fixture::new().await.round_trip("function-url").await);
}

#[tokio::test]
async fn load_balancers_are_answered() {
    assert_json_snapshot!(Fixture::new().await.round_trip("alb").await);
}

#[tokio::test]
async fn registries_are_created_through_every_door() {
    for door in ["rest", "rest-custom-domain", "http-api", "function-url", "alb"] {
        let created = Fixture::new().await.invoke(&event(door, "create-registry")).await;
        assert_eq!(created["statusCode"], 200, "{door}: {created}");
        let body = &created["body"];
        assert_eq!(
            [&body["name"], &body["slug"]],
            ["Payments Gems", "payments-gems"],
            "{door}"
        );
    }
}
