//! Requests by which one client could take something from others, or learn what it may not know.

use std::time::Duration;

use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use serde_json::json;

use super::python::fixture::{PYTHON, user_of, wheel};
use super::ruby::{get, not_following, push, said, yank};
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::gem::Gem;
use crate::support::npm::{document, npm_user, tarball};

#[tokio::test]
async fn full_names_belong_to_one_gem() {
    let app = TestApp::start().await;
    let user = not_following(&app.user);
    let first = user
        .publish(&Gem::new("hik", "1.0").platform("x86_64-linux-5").build())
        .await
        .id();
    let other = Gem::new("hik-1.0-x86_64-linux", "5").build();
    let message = format!(
        "Clients would ask for hik-1.0-x86_64-linux 5 (ruby) by the same file name as for the package {first}, which is \
         published already. Publish this file under another name or version."
    );
    assert_eq!(
        said(&push(&user, &other).await),
        (409, format!("{message}\n").as_str())
    );
    let refused = user.publish(&other).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["message"].as_str()),
        (409, Some(&*message))
    );
    // Neither may the name be taken in advance.
    user.publish(&Gem::new("hij-1.0-arm64-darwin", "23").build())
        .await
        .id();
    let late = user
        .publish(&Gem::new("hij", "1.0").platform("arm64-darwin-23").build())
        .await;
    assert_eq!(late.status, 409);
    // It is free again where the gem is gone.
    assert_eq!(user.delete(&first).await.status, 200);
    user.publish(&other).await.id();
    let file = get(&user, "/gems/hik-1.0-x86_64-linux-5.gem").await;
    assert_eq!(file.status, 302);
}

#[tokio::test]
async fn racing_gems_share_no_full_name() {
    let app = TestApp::start().await;
    for round in 0..5 {
        let (name, version) = (format!("race{round}"), "1.0");
        let one = Gem::new(&name, version).platform("java-8").build();
        let two = Gem::new(&format!("{name}-1.0-java"), "8").build();
        let (one, two) = tokio::join!(app.user.publish(&one), app.user.publish(&two));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn nothing_is_read_for_strangers() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.create_registry(PYTHON, Ecosystem::Python).await;
    let npm = npm_user(&app).await;
    npm.npm_release("fruit", "1.0.0", "latest").await;
    let (gems, wheels) = (&app.user, &app.user.at(ORGANIZATION, PYTHON));
    for (user, method, path) in [
        (gems, Method::GET, "/info/banana"),
        (gems, Method::GET, "/versions"),
        (wheels, Method::GET, "/pypi/simple/banana/"),
        (wheels, Method::GET, "/pypi/simple/"),
        (&npm, Method::GET, "/npm/fruit"),
        (&npm, Method::GET, "/npm/-/package/fruit/dist-tags"),
        (&npm, Method::DELETE, "/npm/-/package/fruit/dist-tags/next"),
        (&npm, Method::DELETE, "/npm/fruit/-rev/1-x"),
    ] {
        proxy.clear();
        for authorization in [None, Some("Bearer pkgs_mistyped")] {
            let stranger = user.authorized(authorization);
            let answer = stranger.call(method.clone(), &stranger.native(path)).await;
            assert_eq!(answer.status, 401, "{path}");
        }
        assert_eq!(proxy.calls(), [""; 0], "{path}");
    }
}

#[tokio::test]
async fn long_python_requirements_are_refused() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let requires = |length: usize| format!("Requires-Python: >={}\n", "3".repeat(length - 2));
    user.publish(&wheel("banana", "1.0.0", &requires(1000)))
        .await
        .id();
    let refused = user.publish(&wheel("banana", "2.0.0", &requires(1001))).await;
    assert_eq!(
        (refused.status.as_u16(), refused.json()["message"].as_str()),
        (
            422,
            Some(
                "The metadata's `Requires-Python` has more than 1000 bytes, which every page of the project would \
                 repeat. Shorten it: `>=3.9,!=3.12.0`."
            )
        )
    );
}

#[tokio::test]
async fn repeated_deprecations_count_once() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    let body =
        r#"{"name": "fruit", "versions": {"1.0.0": {"deprecated": "x"}, "1.0.0+b": {"deprecated": "y"}}}"#;
    let path = user.native("/npm/fruit");
    let answer = user.send(user.request(Method::PUT, &path).body(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = user.npm_get("fruit").await.json();
    assert_eq!(page["versions"]["1.0.0"]["deprecated"], "y");
}

#[tokio::test]
async fn addresses_name_one_package_of_npm() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("other", "1.0.0", "latest").await;
    let page = user.npm_get("fruit").await.json();
    let tarball = page["versions"]["1.0.0"]["dist"]["tarball"]
        .as_str()
        .expect("an address");
    let id = tarball
        .split("/-/")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an id");
    for wrong in [
        format!("/npm/other/-/{id}/other-1.0.0.tgz/-rev/x"),
        format!("/npm/other/-/{id}/fruit-1.0.0.tgz/-rev/x"),
        format!("/npm/fruit/-/{id}/fruit-1.0.1.tgz/-rev/x"),
    ] {
        let answer = user.call(Method::DELETE, &user.native(&wrong)).await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
    let package_json = json!({"name": "fruit", "version": "2.0.0"});
    let body = document(&package_json, "latest", &self::tarball(&package_json));
    for (method, wrong) in [
        (Method::PUT, "/npm/fruit/whatever"),
        (Method::PUT, "/npm/@s%2ffruit/whatever"),
        (Method::PUT, "/npm/-/package/fruit/foo/dist-tags/bar"),
        (Method::GET, "/npm/fruit/1.0.0/whatever"),
    ] {
        let answer = user.call_with(method, &user.native(wrong), &body).await;
        assert!(
            [404, 405].contains(&answer.status.as_u16()),
            "{wrong}: {}",
            answer.status
        );
    }
    assert_eq!(user.npm_get("fruit/1.0.0").await.status, 200);
    let tag = user.native("/npm/-/package/fruit/dist-tags/dist-tags");
    let set = user.request(Method::PUT, &tag).body("\"1.0.0\"");
    assert_eq!(user.send(set).await.status, 200);
    let tags = user.npm_get("-/package/fruit/dist-tags").await.json();
    assert_eq!(tags, json!({"latest": "1.0.0", "dist-tags": "1.0.0"}));
    assert_eq!(user.call(Method::DELETE, &tag).await.status, 200);
}

#[tokio::test]
async fn large_forms_of_yanks_are_refused() {
    let app = TestApp::start().await;
    let user = app.user_with(&[Scope::DeletePackages]).await;
    push(&app.user, &Gem::banana().build()).await;
    let path = user.native("/api/v1/gems/yank");
    let form = format!("gem_name=banana&version=1.0.0&{}", "a=b&".repeat(1025));
    let request = user.request(Method::DELETE, &path).body(form);
    let answer = user.send(request).await;
    assert_eq!(
        said(&answer),
        (
            413,
            "The body is larger than 4096 bytes, which is more than this call takes. Shorten its texts.\n"
        )
    );
    assert_eq!(yank(&app.user, "gem_name=banana&version=1.0.0").await.status, 200);
}
