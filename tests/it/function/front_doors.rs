//! Every front door: its events in, and the answers that it understands out.

use insta::assert_json_snapshot;

use super::fixture::Fixture;

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
