//! A registry that its operator has made read-only.

use http::Method;
use insta::assert_json_snapshot;
use packages_api::{App, Config};
use packages_api_local::{Server, ServerOptions};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::gem::Gem;

#[tokio::test]
async fn changes_are_refused_and_reads_go_on() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    let mut config = Config::new(app.stack.table(), app.stack.bucket());
    config.read_only = true;
    let server = Server::start(ServerOptions::default(), |_| {
        let function = App::new(config, &app.stack.sdk_config());
        move |request| {
            let function = function.clone();
            async move { function.handle(request).await }
        }
    });
    let server = server.await.expect("a server");
    let user = Client {
        base_url: server.base_url(),
        ..app.user.clone()
    };
    let before = app.contents().await;

    let packages = user.packages();
    assert_eq!(user.get(&id).await.status, 200);
    assert_eq!(user.call(Method::GET, &packages).await.status, 200);
    assert_eq!(
        user.call(Method::GET, &format!("{packages}/{id}/download"))
            .await
            .status,
        200
    );
    for path in [user.registries(), user.own_registry()] {
        assert_eq!(user.call(Method::GET, &path).await.status, 200);
    }
    let refused = [
        user.publish(&gem).await,
        user.call(Method::POST, &format!("{packages}/upload")).await,
        user.call(Method::POST, &format!("{packages}/{id}/copy?to=other"))
            .await,
        user.delete(&id).await,
        user.call(Method::POST, &user.registries()).await,
        user.call(Method::PATCH, &user.own_registry()).await,
        user.call(Method::DELETE, &user.own_registry()).await,
    ];
    for answer in &refused {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.headers["retry-after"], "120");
        assert_eq!(answer.json(), refused[0].json());
    }
    assert_json_snapshot!(refused[0].json());
    assert_eq!(app.contents().await, before);
}
