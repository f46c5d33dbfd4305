//! Round trips of package managers' requests: calls that wait for one another, whatever their number.

use std::time::Duration;

use http::Method;
use http::header::{AUTHORIZATION, IF_NONE_MATCH};
use packages_api::{App, Config};
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::npm::{NPM, document, npm_user, tarball};
use crate::support::pypi::{upload_request, user_of, wheel};

/// Users of a registry of each ecosystem, who follow no redirects.
struct Users {
    app: TestApp,
    proxy: FaultProxy,
    ruby: Client,
    python: Client,
    javascript: Client,
}

impl Users {
    async fn start() -> Self {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let python = user_of(&app).await;
        let following_none = |user: Client| Client {
            http: python.http.clone(),
            ..user
        };
        let javascript = following_none(npm_user(&app).await);
        Self {
            ruby: following_none(app.user.clone()),
            python,
            javascript,
            app,
            proxy,
        }
    }

    /// Round trips of a call that succeeds.
    async fn cost(&self, call: impl Future<Output = Answer>) -> usize {
        self.proxy.clear();
        self.proxy.slow_down();
        let answer = call.await;
        assert!(
            answer.status.as_u16() < 400,
            "{} {}",
            answer.status,
            answer.text()
        );
        let round_trips = self.proxy.round_trips();
        self.proxy.clear();
        round_trips
    }

    /// Round trips of a GET below a registry's root.
    async fn cost_of_get(&self, user: &Client, path: &str) -> usize {
        self.cost(user.call(Method::GET, &user.native(path))).await
    }

    /// Publishes versions of `banana`, so many that each name has this many records: one of npm's is a tag.
    async fn publish(&self, count: usize) {
        for number in 0..count {
            let version = format!("1.0.{number}");
            self.ruby
                .publish(&Gem::new("banana", &version).build())
                .await
                .id();
            self.python.publish(&wheel("banana", &version, "")).await.id();
            if number == 0 && count > 1 {
                continue;
            }
            let package = json!({"name": "banana", "version": version});
            assert_eq!(self.javascript.npm_publish(&package, "latest").await.status, 201);
        }
    }
}

fn npm_publish(user: &Client) -> reqwest::RequestBuilder {
    let package = json!({"name": "banana", "version": "1.0.0"});
    let body = document(&package, "latest", &tarball(&package));
    let request = user.request(Method::PUT, &user.native("/npm/banana"));
    request.body(body.to_string())
}

#[tokio::test]
async fn publishes_and_deletes_cost_three() {
    let users = Users::start().await;
    let gem = Gem::banana().build();
    let push = users
        .ruby
        .request(Method::POST, &users.ruby.native("/api/v1/gems"));
    let push = push.body(gem.bytes.clone());
    let upload = upload_request(&users.python, &wheel("banana", "1.0.0", ""));
    let publishes = [
        (&users.ruby, push),
        (&users.python, upload),
        (&users.javascript, npm_publish(&users.javascript)),
    ];
    for (user, publish) in publishes {
        assert_eq!(users.cost(user.send(publish)).await, 3, "{}", user.registry);
        let list = user.call(Method::GET, &user.packages()).await.json();
        let id = list["items"][0]["id"].as_str().expect("an id").to_owned();
        // npm's has two tags, which are looked for beside the transaction and removed beside the file.
        if user.registry == NPM {
            let tag = user.native("/npm/-/package/banana/dist-tags/next");
            let tagged = user.call_with(Method::PUT, &tag, &json!("1.0.0")).await;
            assert_eq!(tagged.status, 200);
        }
        assert_eq!(users.cost(user.delete(&id)).await, 3, "{}", user.registry);
    }
}

#[tokio::test]
async fn documents_of_a_name_cost_one() {
    let users = Users::start().await;
    users.publish(50).await;
    assert_eq!(users.cost_of_get(&users.ruby, "/info/banana").await, 1);
    assert_eq!(users.cost_of_get(&users.python, "/pypi/simple/banana/").await, 1);
    // npm's show more than the records of a name hold, unless the client has it already or changes it.
    let user = &users.javascript;
    assert_eq!(users.cost_of_get(user, "/npm/banana").await, 2);
    let shown = user.npm_get("banana").await;
    let tag = shown.header("etag").expect("a tag");
    let known = user.request(Method::GET, &user.native("/npm/banana"));
    let known = known.header(IF_NONE_MATCH, tag);
    assert_eq!(users.cost(user.send(known)).await, 1);
    assert_eq!(users.cost_of_get(user, "/npm/banana?write=true").await, 1);
}

#[tokio::test]
async fn documents_of_many_versions_cost_two() {
    let users = Users::start().await;
    users.publish(52).await;
    assert_eq!(users.cost_of_get(&users.ruby, "/info/banana").await, 2);
    assert_eq!(users.cost_of_get(&users.python, "/pypi/simple/banana/").await, 2);
    let user = &users.javascript;
    // The first one reads all packages, and keeps their entries for all that follow.
    assert_eq!(users.cost_of_get(user, "/npm/banana").await, 4);
    assert_eq!(users.cost_of_get(user, "/npm/banana").await, 2);
    let shown = user.npm_get("banana").await;
    assert_eq!(
        shown.json()["versions"].as_object().map(serde_json::Map::len),
        Some(51)
    );
    let known = user.request(Method::GET, &user.native("/npm/banana"));
    let known = known.header(IF_NONE_MATCH, shown.header("etag").expect("a tag"));
    assert_eq!(users.cost(user.send(known)).await, 2);
}

#[tokio::test]
async fn indexes_that_nothing_changed_cost_two() {
    let users = Users::start().await;
    users.publish(2).await;
    for (user, path) in [
        (&users.ruby, "/versions"),
        (&users.ruby, "/names"),
        (&users.ruby, "/specs.4.8.gz"),
        (&users.python, "/pypi/simple/"),
    ] {
        let shown = user.call(Method::GET, &user.native(path)).await;
        assert_eq!(shown.status, 200);
        assert_eq!(users.cost_of_get(user, path).await, 2, "{path}");
        // A sandbox that does not hold the document, and a client that may.
        let tag = shown.header("etag").expect("a tag");
        for (known, status, cost) in [("", 200, 3), (tag, 304, 2)] {
            let sdk = users.proxy.sdk_config(&users.app.stack);
            let mut config = Config::new(users.app.stack.table(), users.app.stack.bucket());
            config.api_base_url = Some(user.base_url.clone());
            let sandbox = App::new(config, &sdk);
            sandbox.warm_up().await;
            users.proxy.clear();
            users.proxy.slow_down();
            let request = http::Request::get(user.native(path))
                .header(IF_NONE_MATCH, known)
                .header(AUTHORIZATION, user.authorization.as_deref().expect("a token"));
            let request = request.body(lambda_http::Body::Empty).expect("a request");
            assert_eq!(sandbox.handle(request).await.status(), status, "{path}");
            assert_eq!(users.proxy.round_trips(), cost, "{path} {status}");
            users.proxy.clear();
        }
    }
}

#[tokio::test]
async fn files_by_name_cost_one() {
    let users = Users::start().await;
    users.publish(1).await;
    let id = |items: serde_json::Value| items["items"][0]["id"].as_str().expect("an id").to_owned();
    let wheel = id(users
        .python
        .call(Method::GET, &users.python.packages())
        .await
        .json());
    let package = id(users
        .javascript
        .call(Method::GET, &users.javascript.packages())
        .await
        .json());
    for (user, path) in [
        (&users.ruby, "/gems/banana-1.0.0.gem".to_owned()),
        (
            &users.python,
            format!("/pypi/files/{wheel}/banana-1.0.0-py3-none-any.whl"),
        ),
        (
            &users.javascript,
            format!("/npm/banana/-/{package}/banana-1.0.0.tgz"),
        ),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let path = user.native(&path);
            assert_eq!(users.cost(user.call(method, &path)).await, 1, "{path}");
        }
    }
}
