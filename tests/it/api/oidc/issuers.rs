//! Issuers that are slow, huge or away, that change their keys, or that nobody may contact.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::{Config, OidcConfig};
use packages_api_local::{Server, ServerOptions};

use crate::support::answer::Answer;
use crate::support::app::REGISTRY;
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::fault_proxy::ALWAYS;
use crate::support::gem::Gem;
use crate::support::issuer::{ED25519, Manner, P256};
use crate::support::jobs::{Jobs, private_issuers};
use crate::support::log::lines_of;
use crate::support::side_by_side::run_all;

/// Asserts that the call is to be repeated, after at least so many seconds and at most a minute.
#[track_caller]
fn assert_later(answer: &Answer, at_least: u64) {
    answer.assert_error(503);
    let seconds = answer.header("retry-after").expect("a time").parse::<u64>();
    let seconds = seconds.expect("a number");
    assert!((at_least..=61).contains(&seconds), "{seconds}");
    assert!(answer.message().contains("nothing was done"), "{}", answer.text());
    let line = lines_of(answer).pop().expect("a line");
    assert_eq!((&line["level"], &line["status"]), (&"WARN".into(), &503.into()));
    assert!(
        line["cause"]
            .as_str()
            .expect("a cause")
            .contains("keys of http://127.0.0.1")
    );
}

#[tokio::test]
async fn issuers_that_misbehave_cost_a_bounded_time() {
    let manners = [
        Manner::Slow,
        Manner::Huge,
        Manner::Endless,
        Manner::Redirecting,
        Manner::Failing,
        Manner::NoJson,
        Manner::NoKeys,
    ];
    run_all(manners.into_iter().map(|manner| async move {
        let jobs = Jobs::start().await;
        jobs.issuer.behave(manner);
        let started = Instant::now();
        let answer = jobs.job().publish(&Gem::banana().build()).await;
        assert_later(&answer, 10);
        assert!(started.elapsed() < Duration::from_secs(20));
        // Nobody waits for it a second time.
        let asked = jobs.issuer.count();
        assert_later(&jobs.job().get("x").await, 1);
        assert_eq!(jobs.issuer.count(), asked);
        assert!(jobs.app.contents().await.of_kind("packages").is_empty());
    }))
    .await;
}

#[tokio::test]
async fn issuers_that_are_not_public_are_refused() {
    // Without the switch.
    let jobs = Jobs::configured(OidcConfig::default()).await;
    let port = jobs.issuer.address.rsplit(':').next().expect("a port").to_owned();
    for address in [
        jobs.issuer.address.clone(),
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://[fd00:ec2::254]".to_owned(),
    ] {
        jobs.set_policy(REGISTRY, &format!("- iss: {address}")).await;
        let job = jobs.changed(|claims| claims["iss"] = address.as_str().into());
        let answer = job.publish(&Gem::banana().build()).await;
        answer.assert_error(401);
        assert!(
            answer.message().contains("issuer or its keys are not"),
            "{}",
            answer.text()
        );
    }
    assert_eq!(jobs.issuer.count(), 0);
}

#[tokio::test]
async fn issuers_with_a_false_document_are_refused() {
    for (manner, reason) in [
        (Manner::OtherIssuer, "says that it is another one"),
        (
            Manner::KeysElsewhere("http://10.0.0.1/keys"),
            "are not served over https",
        ),
    ] {
        let jobs = Jobs::start().await;
        jobs.issuer.behave(manner);
        let answer = jobs.job().publish(&Gem::banana().build()).await;
        answer.assert_error(401);
        assert!(answer.message().contains(reason), "{}", answer.text());
    }
}

/// The same deployment as another sandbox sees it, which keeps no keys in memory yet.
async fn another_sandbox(jobs: &Jobs) -> (Server, Client) {
    let mut config = Config::new(jobs.app.stack.table(), jobs.app.stack.bucket());
    private_issuers(&mut config);
    config.api_base_url = Some(jobs.app.user.base_url.clone());
    let app = packages_api::App::new(config, &jobs.app.stack.sdk_config());
    let server = Server::start(ServerOptions::default(), |_| {
        move |request| {
            let app = app.clone();
            async move { app.handle(request).await }
        }
    });
    let server = server.await.expect("a server");
    let user = Client {
        base_url: server.base_url(),
        ..jobs.app.user.clone()
    };
    (server, user)
}

/// Makes the shared keys older, as if they had been fetched by a sandbox of that time.
async fn age_shared_keys(jobs: &Jobs, seconds: u64) {
    let contents = jobs.app.contents().await;
    let (_, keys) = contents.of_kind("issuer")[0];
    let fetched_at = keys["fetched_at"].as_n().expect("a number");
    let fetched_at: u64 = fetched_at.parse().expect("a number");
    let client = aws_sdk_dynamodb::Client::new(&jobs.app.stack.sdk_config());
    let update = client.update_item().table_name(jobs.app.stack.table());
    let update = update
        .key("pk", keys["pk"].clone())
        .key("sk", keys["sk"].clone())
        .update_expression("SET fetched_at = :time")
        .expression_attribute_values(":time", AttributeValue::N((fetched_at - seconds).to_string()));
    update.send().await.expect("a writable table");
}

#[tokio::test]
async fn rotated_keys_are_known_after_a_minute() {
    let jobs = Jobs::start().await;
    jobs.job().publish(&Gem::banana().build()).await.id();
    jobs.issuer.publish(vec![P256.jwk("one"), ED25519.jwk("two")]);
    let rotated = jobs.signed(&ED25519, "two");
    assert_later(&rotated.publish(&Gem::banana().build()).await, 30);
    // Another sandbox knows when the keys were fetched, and leaves the issuer alone as well.
    let (_server, user) = another_sandbox(&jobs).await;
    let elsewhere = user.authorized(rotated.authorization.as_deref());
    assert_later(&elsewhere.get("x").await, 30);
    assert_eq!(jobs.issuer.count(), 2);
    age_shared_keys(&jobs, 60).await;
    let (_server, user) = another_sandbox(&jobs).await;
    let elsewhere = user.authorized(rotated.authorization.as_deref());
    elsewhere.publish(&Gem::banana().build()).await.id();
    assert_eq!(jobs.issuer.count(), 4);
}

#[tokio::test]
async fn sandboxes_share_keys_by_a_record() {
    let jobs = Jobs::start().await;
    let job = jobs.job();
    job.publish(&Gem::banana().build()).await.id();
    jobs.issuer.behave(Manner::Failing);
    let (_server, user) = another_sandbox(&jobs).await;
    let elsewhere = user.authorized(job.authorization.as_deref());
    elsewhere.publish(&Gem::banana().build()).await.id();
    assert_eq!(jobs.issuer.count(), 2);
    let contents = jobs.app.contents().await;
    let records = contents.of_kind("issuer");
    assert_eq!(records.len(), 1);
    assert!(records[0].1.contains_key("expires_at"), "the table removes it");
}

/// The record saves a request to the issuer, and nothing depends on it.
#[tokio::test]
async fn faults_of_the_record_stop_nobody() {
    let faults = ["GetItem", "PutItem"].into_iter().flat_map(|operation| {
        let faults = Fault::all(operation).into_iter();
        faults.map(move |fault| (operation, fault))
    });
    run_all(faults.map(|(operation, fault)| async move {
        let (jobs, proxy) = Jobs::behind_proxy().await;
        proxy.inject(operation, fault.clone(), ALWAYS);
        let answer = jobs.job().publish(&Gem::banana().build()).await;
        assert_eq!(answer.status, 200, "{operation} {fault:?}: {}", answer.text());
        let lines = lines_of(&answer);
        let is_warned = lines
            .iter()
            .any(|line| line["issuer"] == jobs.issuer.address && line["level"] == "WARN");
        assert_eq!(
            is_warned,
            !matches!(fault, Fault::Delay(_)),
            "{operation} {fault:?}: {lines:?}"
        );
        assert_eq!(jobs.issuer.count(), 2);
    }))
    .await;
}
