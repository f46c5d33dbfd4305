//! Hostile `package_url`s: whatever they say, only the bucket is asked, and only for an upload of
//! this registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use packages_api::formats::Ecosystem;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::support::app::TestApp;
use crate::support::gem::Gem;
use crate::support::uploads::UploadForm;
use foreign::foreign;

mod foreign;

/// A server that whoever fetched an address would be seen by.
struct Trap {
    address: String,
    visits: Arc<AtomicUsize>,
    listening: JoinHandle<()>,
}

impl Trap {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let visits = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&visits);
        let listening = tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self {
            address,
            visits,
            listening,
        }
    }
}

impl Drop for Trap {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[tokio::test]
async fn foreign_addresses_are_refused_and_never_fetched() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let trap = Trap::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let key = form.key("");
    let sdk = app.stack.sdk_config();
    let gem = Gem::banana().build();
    let put = aws_sdk_s3::Client::new(&sdk)
        .put_object()
        .bucket(app.stack.bucket());
    let put = put.key(form.key(&gem.name)).body(gem.bytes.clone().into());
    put.send().await.expect("an object");
    let before = app.contents().await;
    let urls = foreign(&form.url, &key, &trap.address);
    assert!(urls.len() > 400, "{}", urls.len());
    for url in urls {
        proxy.clear();
        let shown: String = url.chars().take(300).collect();
        let answer = app.user.publish_url(&url).await;
        assert_eq!(answer.status, 422, "{shown:?}: {}", answer.text());
        let error = &answer.json()["errors"][0];
        assert_eq!(error["field"], "package_url", "{shown:?}");
        let code = error["code"].as_str().unwrap();
        assert!(
            ["foreign", "invalid_filename", "too_long"].contains(&code),
            "{shown:?}: {code}"
        );
        assert_eq!(proxy.calls(), ["BatchGetItem"], "{shown:?}");
    }
    assert_eq!(trap.visits.load(Ordering::SeqCst), 0);
    assert_eq!(app.contents().await, before);
    // It was not the address itself that was wrong.
    app.user.publish_url(&form.package_url(&gem.name)).await.id();
}
