use std::time::Instant;

use super::*;
use crate::oidc::test_issuer::{ED25519, Manner, P256, TestIssuer};
use crate::oidc::test_store::{MemoryStore, StoreManner};

/// The issuers of one sandbox, which shares this store with others.
fn sandbox(store: &Arc<MemoryStore>) -> Issuers {
    Issuers::new(true, Arc::clone(store) as Arc<dyn KeyStore>)
}

fn private_issuers() -> Issuers {
    sandbox(&Arc::default())
}

fn at(start: SystemTime, seconds: u64) -> impl Fn() -> SystemTime {
    move || start + Duration::from_secs(seconds)
}

#[tokio::test]
async fn keys_are_fetched_once() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let issuers = private_issuers();
    for _ in 0..3 {
        assert!(
            issuers
                .keys(&issuer.address, "one")
                .await
                .unwrap()
                .contains("one")
        );
    }
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn calls_at_once_share_a_fetch() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let issuers = private_issuers();
    let call = || issuers.keys(&issuer.address, "one");
    let (a, b, c) = tokio::join!(call(), call(), call());
    for keys in [a, b, c] {
        assert!(keys.unwrap().contains("one"));
    }
    assert_eq!(issuer.count(), 2);
}

#[tokio::test]
async fn new_keys_are_fetched_once_a_minute() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let issuers = private_issuers();
    let start = SystemTime::now();
    let keys = |key_id, seconds| issuers.keys_at(&issuer.address, key_id, at(start, seconds));
    keys("one", 0).await.unwrap();
    issuer.publish(vec![P256.jwk("one"), ED25519.jwk("two")]);
    // Before the minute is over the answer is to try later, and the issuer is left alone.
    for key_id in ["two", "made-up"] {
        let error = keys(key_id, 20).await.unwrap_err();
        assert!(
            matches!(error, KeysError::Later { retry_after, .. } if retry_after.as_secs() == 40),
            "{error:?}"
        );
    }
    assert!(keys("one", 20).await.is_ok());
    assert_eq!(issuer.count(), 2);
    assert!(keys("two", 60).await.unwrap().contains("two"));
    assert_eq!(issuer.count(), 4);
    // A fetch that does not bring the key is an answer too: the token is not one of this issuer's.
    assert!(!keys("made-up", 120).await.unwrap().contains("made-up"));
    assert!(matches!(keys("made-up", 121).await, Err(KeysError::Later { .. })));
    assert_eq!(issuer.count(), 6);
}

#[tokio::test]
async fn withdrawn_keys_end_after_an_hour() {
    let issuer = TestIssuer::start(vec![P256.jwk("one"), ED25519.jwk("two")]).await;
    let issuers = private_issuers();
    let start = SystemTime::now();
    let keys = |seconds| issuers.keys_at(&issuer.address, "one", at(start, seconds));
    keys(0).await.unwrap();
    issuer.publish(vec![ED25519.jwk("two")]);
    assert!(keys(3599).await.unwrap().contains("one"));
    assert!(!keys(3600).await.unwrap().contains("one"));
}

#[tokio::test]
async fn kept_keys_bridge_an_outage_of_a_day() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let issuers = private_issuers();
    let start = SystemTime::now();
    let keys = |key_id, seconds| issuers.keys_at(&issuer.address, key_id, at(start, seconds));
    keys("one", 0).await.unwrap();
    for manner in [Manner::Failing, Manner::OtherIssuer, Manner::NoKeys] {
        issuer.behave(manner);
        assert!(keys("one", 7200).await.is_ok());
    }
    let asked = issuer.count();
    assert!(keys("one", 7230).await.is_ok());
    assert_eq!(
        issuer.count(),
        asked,
        "an issuer that is down is asked once a minute"
    );
    assert!(keys("one", 86_399).await.is_ok());
    assert!(keys("one", 86_400).await.is_err());
    issuer.behave(Manner::Honest);
    assert!(keys("one", 86_410).await.is_ok());
}

#[tokio::test]
async fn issuers_that_misbehave_are_left_alone() {
    for manner in [
        Manner::Slow,
        Manner::Huge,
        Manner::Endless,
        Manner::Redirecting,
        Manner::Failing,
        Manner::NoJson,
        Manner::NoKeys,
    ] {
        let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
        issuer.behave(manner);
        let issuers = Issuers {
            fetch_timeout: Duration::from_secs(1),
            ..private_issuers()
        };
        let (started, start) = (Instant::now(), SystemTime::now());
        let keys = |seconds| issuers.keys_at(&issuer.address, "one", at(start, seconds));
        let error = keys(0).await.unwrap_err();
        assert!(matches!(error, KeysError::Later { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(5));
        let asked = issuer.count();
        assert!(matches!(keys(9).await, Err(KeysError::Later { .. })));
        assert_eq!(issuer.count(), asked);
        issuer.behave(Manner::Honest);
        assert!(keys(10).await.is_ok());
    }
}

#[tokio::test]
async fn issuers_that_claim_another_name_are_refused() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    issuer.behave(Manner::OtherIssuer);
    let error = private_issuers().keys(&issuer.address, "one").await.unwrap_err();
    assert!(
        matches!(&error, KeysError::Refused(message) if message.contains("another one")),
        "{error:?}"
    );
    assert_eq!(issuer.count(), 1, "its keys are not fetched");
}

#[tokio::test]
async fn keys_at_other_places_are_checked_too() {
    for place in [
        "http://10.0.0.1/keys",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "nowhere",
    ] {
        let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
        issuer.behave(Manner::KeysElsewhere(place));
        let error = private_issuers().keys(&issuer.address, "one").await.unwrap_err();
        assert!(matches!(error, KeysError::Refused(_)), "{place}: {error:?}");
    }
}

#[tokio::test]
async fn private_issuers_are_refused_unless_allowed() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let port = issuer.address.rsplit(':').next().unwrap();
    let issuers = Issuers::new(false, Arc::new(MemoryStore::default()));
    for address in [
        issuer.address.clone(),
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        "https://169.254.169.254".to_owned(),
    ] {
        let error = issuers.keys(&address, "one").await.unwrap_err();
        assert!(matches!(error, KeysError::Refused(_)), "{address}: {error:?}");
    }
    assert_eq!(issuer.count(), 0);
}

#[tokio::test]
async fn no_more_issuers_are_kept_than_the_bound() {
    let issuers = Issuers::new(false, Arc::new(MemoryStore::default()));
    for number in 0..=MAX_ISSUERS {
        let _ = issuers.keys(&format!("https://127.0.0.1/{number}"), "one").await;
    }
    assert_eq!(issuers.known.lock().unwrap().len(), MAX_ISSUERS);
}

#[tokio::test]
async fn sandboxes_share_the_keys_of_an_issuer() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let store = Arc::default();
    let start = SystemTime::now();
    let (first, second) = (sandbox(&store), sandbox(&store));
    let address = &issuer.address;
    first.keys_at(address, "one", at(start, 0)).await.unwrap();
    let keys = second.keys_at(address, "one", at(start, 3000)).await.unwrap();
    assert!(keys.contains("one"));
    assert_eq!(issuer.count(), 2, "the second sandbox asks the store alone");
    // An hour after the fetch, whichever sandbox made it, the keys are fetched again.
    second.keys_at(address, "one", at(start, 3600)).await.unwrap();
    assert_eq!(issuer.count(), 4);
    first.keys_at(address, "one", at(start, 3700)).await.unwrap();
    assert_eq!(issuer.count(), 4);
    assert_eq!(store.calls(), ["find", "put", "find", "find", "put", "find"]);
}

#[tokio::test]
async fn invented_keys_cost_one_fetch_a_minute_everywhere() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let store = Arc::default();
    let start = SystemTime::now();
    let sandboxes = [sandbox(&store), sandbox(&store), sandbox(&store)];
    for (number, sandbox) in sandboxes.iter().enumerate() {
        for _ in 0..3 {
            let asked = sandbox.keys_at(&issuer.address, "made-up", at(start, 10 * number as u64));
            let keys = asked.await;
            let waits = matches!(&keys, Err(KeysError::Later { .. }));
            assert!(waits || keys.is_ok_and(|keys| !keys.contains("made-up")));
        }
    }
    assert_eq!(issuer.count(), 2);
    // One look of each sandbox, not of each call.
    assert_eq!(store.calls(), ["find", "put", "find", "find"]);
}

#[tokio::test]
async fn broken_stores_are_done_without() {
    for manner in [StoreManner::Failing, StoreManner::Hanging, StoreManner::Garbled] {
        let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
        let store = Arc::new(MemoryStore::of(manner));
        let started = Instant::now();
        let keys = sandbox(&store).keys(&issuer.address, "one").await.unwrap();
        assert!(keys.contains("one") && started.elapsed() < 3 * STORE_TIMEOUT);
        assert_eq!(issuer.count(), 2);
    }
}

#[tokio::test]
async fn shared_keys_of_other_days_are_ignored() {
    let issuer = TestIssuer::start(vec![P256.jwk("one")]).await;
    let now = SystemTime::now();
    let day = Duration::from_hours(24);
    for fetched_at in [now + day, now - day] {
        let store = Arc::new(MemoryStore::default());
        let keys = SharedKeys {
            jwks: KeySet::reduce(
                serde_json::json!({ "keys": [ED25519.jwk("one")] })
                    .to_string()
                    .as_bytes(),
            )
            .unwrap(),
            fetched_at,
            expires_at: now + day,
        };
        store.put(&issuer.address, keys).await.unwrap();
        let asked = issuer.count();
        sandbox(&store).keys(&issuer.address, "one").await.unwrap();
        assert_eq!(issuer.count(), asked + 2);
    }
}
