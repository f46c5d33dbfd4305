//! Uploads that are published a second time: of the same bytes or of others, after the first publish or
//! in the middle of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::Digest;
use tokio::time::Instant;

use crate::support::File;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::uploads::{posted, put};

#[tokio::test]
async fn other_bytes_are_another_publish() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (form, url) = app.user.upload(&gem).await;
    let first = app.user.publish_url(&url).await;
    // Of another size, which tells without a copy, and of the same one.
    let larger = Gem::banana().member("more", "x").build();
    let same_size = Gem::banana().summary("B banana").build();
    assert_eq!(same_size.bytes.len(), gem.bytes.len());
    for other in [larger, same_size] {
        assert_eq!(form.post(&app.user.http, &other).await.0, 204);
        let conflict = app.user.publish_url(&url).await;
        conflict.assert_error(409);
        assert!(conflict.message().contains(&first.id()), "{}", conflict.message());
        assert_eq!(app.user.get(&first.id()).await.text(), first.text());
        assert_eq!(app.user.download(&first.id()).await, gem.bytes);
        assert_eq!(assert_consistent(&app.contents().await), [first.id()]);
    }
    // Where the release is free, it is theirs.
    assert_eq!(app.user.delete(&first.id()).await.status, 200);
    let second = app.user.publish_url(&url).await;
    let contents = app.contents().await;
    let posted = &contents.objects[&form.key(&gem.name)];
    assert_eq!(
        second.json()["digests"]["sha256"],
        Digest::sha256(posted).to_string()
    );
    assert_eq!(assert_consistent(&contents), [second.id()]);
    // And the first bytes once more are the others then.
    assert_eq!(form.post(&app.user.http, &gem).await.0, 204);
    app.user.publish_url(&url).await.assert_error(409);
}

#[tokio::test]
async fn same_bytes_posted_again_are_the_same_package() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (form, url) = app.user.upload(&gem).await;
    let first = app.user.publish_url(&url).await;
    assert_eq!(form.post(&app.user.http, &gem).await.0, 204);
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    // The bucket forgets uploads after a day.
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let delete = s3.delete_object().bucket(app.stack.bucket());
    let deleted = delete.key(form.key(&gem.name)).send().await;
    deleted.expect("a writable bucket");
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    assert_eq!(assert_consistent(&app.contents().await), [first.id()]);
}

/// As 0.1.0 wrote it: such a record cannot tell, so the posted bytes do.
#[tokio::test]
async fn records_without_etag_are_read_and_completed() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let gem = Gem::banana().build();
    let (key, url) = posted(&app, &gem).await;
    let first = app.user.publish_url(&url).await;
    let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    let forget = async || {
        let upload = key.split('/').nth(3).expect("an upload's id");
        let update = client.update_item().table_name(app.stack.table());
        let update = update
            .key(
                "pk",
                AttributeValue::S(format!("uploads/{ORGANIZATION}/{REGISTRY}")),
            )
            .key("sk", AttributeValue::S(upload.to_owned()))
            .update_expression("REMOVE etag")
            .condition_expression("attribute_exists(etag)");
        update.send().await.expect("a record with an ETag");
    };
    forget().await;
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    proxy.clear();
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    assert!(!proxy.calls().contains(&"CopyObject".to_owned()));
    forget().await;
    let other = Gem::banana().summary("Another banana").build();
    put(&app.stack, &key, &other.bytes).await;
    app.user.publish_url(&url).await.assert_error(409);
    assert_eq!(assert_consistent(&app.contents().await), [first.id()]);
}

/// A mark that somebody is publishing this upload, which ends so many seconds from now.
async fn mark(app: &TestApp, key: &str, filename: &str, seconds: i64) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let ends = i64::try_from(now.as_secs()).expect("this century") + seconds;
    let upload = key.split('/').nth(3).expect("an upload's id");
    let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    client
        .put_item()
        .table_name(app.stack.table())
        .item("pk", text(&format!("uploads/{ORGANIZATION}/{REGISTRY}")))
        .item("sk", text(&format!("{upload}/work")))
        .item("registry_id", text(&app.registry.id.to_string()))
        .item("worker", text("0191e23a-4bc8-7683-bfa4-5f73bc9b7c44"))
        .item("filename", text(filename))
        .item("expires_at", AttributeValue::N(ends.to_string()))
        .send()
        .await
        .expect("a writable table");
}

fn is_marked(uploads: &[(&str, &crate::support::contents::Item)]) -> bool {
    uploads.iter().any(|(sk, _)| sk.ends_with("/work"))
}

fn copies(proxy: &FaultProxy) -> usize {
    proxy.calls().iter().filter(|call| *call == "CopyObject").count()
}

/// As after the gateway's 504.
#[tokio::test]
async fn repeats_wait_for_the_publish_before_them() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let (_, url) = posted(&app, &Gem::banana().build()).await;
    proxy.clear();
    let gate = Gate::new();
    // Slow all the way: the copy begins when the work is marked already.
    proxy.inject("GetObject", Fault::Delay(Duration::from_secs(3)), 1);
    proxy.inject("GetItem", Fault::Delay(Duration::from_secs(3)), 1);
    proxy.inject("CopyObject", Fault::PauseBefore(gate.clone()), 1);
    let publish = || {
        let (user, url) = (app.user.clone(), url.clone());
        tokio::spawn(async move { user.publish_url(&url).await })
    };
    let first = publish();
    gate.reached().await;
    assert!(is_marked(&app.contents().await.of_kind("uploads")));
    let repeat = publish();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!repeat.is_finished());
    gate.open();
    let first = first.await.expect("no panic");
    let repeat = repeat.await.expect("no panic");
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(repeat.text(), first.text());
    assert_eq!(copies(&proxy), 1);
    let contents = app.contents().await;
    assert!(!is_marked(&contents.of_kind("uploads")));
    assert_eq!(assert_consistent(&contents), [first.id()]);
}

#[tokio::test]
async fn repeats_that_wait_too_long_are_503() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(4)).await;
    let gem = Gem::banana().build();
    let (key, url) = posted(&app, &gem).await;
    mark(&app, &key, &gem.name, 60).await;
    let answer = app.user.publish_url(&url).await;
    insta::assert_snapshot!(answer.rendered());
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(copies(&proxy), 0);
    assert_eq!(assert_consistent(&app.contents().await), [""; 0]);
}

/// Its mark ends by itself.
#[tokio::test]
async fn crashed_workers_are_not_waited_for() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (key, url) = posted(&app, &gem).await;
    mark(&app, &key, &gem.name, 3).await;
    let begun = Instant::now();
    let first = app.user.publish_url(&url).await;
    assert_eq!(first.status, 200, "{}", first.text());
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    // A published upload is answered whoever is marked as being at work, and other files are not theirs.
    mark(&app, &key, &gem.name, 60).await;
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    let other = Gem::new("other", "1.0.0").build();
    let key = key.replace(&gem.name, &other.name);
    put(&app.stack, &key, &other.bytes).await;
    let second = app.user.publish_url(&url.replace(&gem.name, &other.name)).await;
    assert_eq!(second.json()["name"], "other", "{}", second.text());
}

#[tokio::test]
async fn failed_publishes_take_their_mark_back() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let broken = File::new("broken-1.0.0.gem", "no gem");
    let (_, url) = posted(&app, &broken).await;
    proxy.clear();
    // Longer than one attempt may take, so the SDK makes another one.
    proxy.inject("GetObject", Fault::Hang, 1);
    proxy.inject("GetObject", Fault::Delay(Duration::from_secs(2)), 1);
    app.user.publish_url(&url).await.assert_error(422);
    let calls = proxy.calls();
    for call in ["PutItem", "DeleteItem"] {
        assert!(calls.contains(&call.to_owned()), "{calls:?}");
    }
    assert!(!is_marked(&app.contents().await.of_kind("uploads")));
}
