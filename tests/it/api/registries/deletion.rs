//! Delete: the registry and its packages are gone at once.

use http::Method;
use serde_json::json;

use crate::support::app::{REGISTRY, TestApp};
use crate::support::gem::Gem;

#[tokio::test]
async fn deleted_registries_leave_nothing_to_see() {
    let app = TestApp::start().await;
    let user = &app.user;
    let id = user.publish(&Gem::banana().build()).await.id();
    let before = user.call(Method::GET, &user.own_registry()).await;
    let deleted = user.call(Method::DELETE, &user.own_registry()).await;
    assert_eq!((deleted.status.as_u16(), deleted.text()), (200, ""));
    for path in [user.own_registry(), user.packages()] {
        user.call(Method::GET, &path).await.assert_error(404);
    }
    user.get(&id).await.assert_error(404);
    user.call(Method::DELETE, &user.own_registry())
        .await
        .assert_error(404);
    let listed = user.call(Method::GET, &user.registries()).await.json();
    assert_eq!(listed.as_array().expect("an array").len(), 1);
    // The sweep knows of it, as of those that `admin` deletes.
    assert_eq!(app.contents().await.of_kind("gone").len(), 1);

    let again = json!({ "name": REGISTRY, "ecosystem": "ruby" });
    let again = user.call_with(Method::POST, &user.registries(), &again).await;
    assert_ne!(again.id(), before.json()["id"]);
    let empty = user.call(Method::GET, &user.packages()).await;
    assert_eq!(empty.json()["items"], json!([]));
    assert_ne!(user.publish(&Gem::banana().build()).await.id(), id);
}
