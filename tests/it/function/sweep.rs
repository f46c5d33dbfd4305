//! The sweep's function, invoked by its schedule.

use insta::assert_json_snapshot;
use packages_api::records::Records;
use serde_json::{Value, json};

use super::fixture::{Fixture, command};
use crate::support::runtime_api::Function;

#[tokio::test]
async fn sweep_answers_its_schedule_with_a_report() {
    let fixture = Fixture::new().await;
    let records = Records::new(&fixture.stack.sdk_config(), fixture.stack.table());
    records.mark(fixture.stack.bucket()).await.expect("marked");
    let mut sweep = Function::start(&command("sweep"), &fixture.stack.environment()).await;
    let scheduled = json!({
        "version": "0", "id": "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c", "detail-type": "Scheduled Event",
        "source": "aws.events", "account": "123456789012", "time": "2024-08-30T06:40:00Z",
        "region": "eu-central-1", "resources": ["arn:aws:events:eu-central-1:123456789012:rule/sweep"],
        "detail": {},
    });
    let report = sweep
        .invoke(scheduled.to_string().into())
        .await
        .expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    assert_json_snapshot!(report);
}

#[tokio::test]
async fn sweeping_a_foreign_table_fails_the_invocation() {
    let fixture = Fixture::new().await;
    let records = Records::new(&fixture.stack.sdk_config(), fixture.stack.table());
    records.mark("another-bucket").await.expect("marked");
    let mut sweep = Function::start(&command("sweep"), &fixture.stack.environment()).await;
    let error = sweep
        .invoke("{}".into())
        .await
        .expect_err("the table is another bucket's");
    let error: Value = serde_json::from_slice(&error).expect("JSON");
    assert_eq!(error["errorType"], "SweepStopped");
    assert_json_snapshot!(error["errorMessage"]);
}
