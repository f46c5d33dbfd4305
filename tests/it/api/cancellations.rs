//! Readings that would take longer than their call: they end with it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_http::lambda_runtime::Context;
use lambda_http::{Body, Request, RequestExt};
use packages_api_local::{Stack, StackOptions};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::support::app::TestApp;
use crate::support::fault::Fault;
use crate::support::fault_proxy::ALWAYS;
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::hostile::{Family, LARGEST_FORM, families};
use crate::support::uploads::posted;

/// A gem that takes long to be read, and is refused when it has been.
fn slow() -> Family {
    let mut families = families().into_iter();
    let comments = families.find(|family| family.ecosystem == "ruby" && family.name == "comments");
    comments.expect("it is one of the families")
}

#[tokio::test]
async fn form_reading_ends_with_its_call() {
    let app = TestApp::start().await;
    let file = slow().file(LARGEST_FORM);
    let mut fastest = Duration::MAX;
    for _ in 0..2 {
        let began = Instant::now();
        app.user.publish(&file).await.assert_error(422);
        fastest = fastest.min(began.elapsed());
    }

    let stack = Stack::start(StackOptions::default()).await.expect("a stack");
    let sdk = stack.sdk_config();
    let app = TestApp::over(stack, &sdk, fastest / 4).await;
    let began = Instant::now();
    app.user.publish(&file).await.assert_error(503);
    assert!(began.elapsed() < fastest, "{:?} of {fastest:?}", began.elapsed());
}

/// The runtime has one thread for readers, which is free again when the call has been answered.
#[test]
fn upload_reading_ends_with_its_call() {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let (_, url) = posted(&app, &Gem::banana().build()).await;
        proxy.clear();
        proxy.inject("GetObject", Fault::Hang, ALWAYS);
        let request = within(Duration::from_secs(3), publish(&app, &url));
        let function = app.app.clone();
        let call = tokio::spawn(async move { function.handle(request).await });
        while !proxy.calls().iter().any(|call| call == "GetObject") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let next = spawn_blocking(|| ());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!next.is_finished());
        assert!(!call.is_finished());

        assert_eq!(call.await.expect("an answer").status(), 503);
        let free = timeout(Duration::from_secs(2), next).await;
        free.expect("the reader has ended").expect("no panic");
        let calls = proxy.calls();
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(proxy.calls(), calls);
    });
}

/// A publish by this address.
fn publish(app: &TestApp, url: &str) -> Request {
    let form = Form::of(&[Part::field("package_url", url)]);
    let authorization = app.user.authorization.as_deref().expect("a token");
    let request = http::Request::post(app.user.packages())
        .header("authorization", authorization)
        .header("content-type", form.content_type);
    request.body(Body::Binary(form.body)).expect("a request")
}

/// The request in a sandbox that lives so long.
fn within(lifetime: Duration, request: Request) -> Request {
    let end = SystemTime::now() + lifetime;
    let end = end.duration_since(UNIX_EPOCH).expect("after 1970");
    let mut context = Context::default();
    context.deadline = u64::try_from(end.as_millis()).expect("this era");
    request.with_lambda_context(context)
}
