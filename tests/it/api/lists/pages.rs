//! Pages: their bodies, their sizes, their links and their costs.

use std::time::Duration;

use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;
use serde_json::json;

use super::{file, files, ids};
use crate::support::app::{FILES, ORGANIZATION, TestApp, tester};
use crate::support::bulk;
use crate::support::gem::Gem;
use crate::support::registry_deeds::RegistryDeeds as _;

#[tokio::test]
async fn empty_registries_are_empty_lists() {
    let app = TestApp::start().await;
    insta::assert_snapshot!(app.user.list("").await.rendered());
}

#[tokio::test]
async fn pages_have_the_documented_body() {
    let app = TestApp::start().await;
    for version in ["1.0.0", "1.0.1", "2.0.0"] {
        app.user.publish(&Gem::new("banana", version).build()).await.id();
    }
    let page = app.user.list("?per_page=2").await;
    let next = page.json()["links"]["next"].as_str().unwrap().to_owned();
    let cursor = next.rsplit("after=").next().unwrap();
    insta::assert_snapshot!(page.rendered().replace(cursor, "[cursor]"));
}

#[tokio::test]
async fn pages_are_walked_both_ways_to_their_ends() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..25).map(|number| format!("name-{number}"));
    let mut all = bulk::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    all.insert(0, like);
    all.reverse();
    for per_page in [1, 2, 7, 24, 25, 26, 100] {
        let first = user.list(&format!("?per_page={per_page}")).await.json();
        let forth = user.walk(first["links"]["self"].as_str().unwrap(), "next").await;
        assert_eq!(forth.iter().flat_map(ids).collect::<Vec<_>>(), all, "{per_page}");
        assert_eq!(
            forth.len(),
            all.len().div_ceil(per_page),
            "{per_page}: no page is empty"
        );
        let last = forth.last().unwrap();
        for page in &forth {
            let links = &page["links"];
            let is_first = page == &forth[0];
            assert_eq!(links.get("first").is_none(), is_first, "{per_page}: {links}");
            assert_eq!(links.get("prev").is_none(), is_first, "{per_page}: {links}");
            assert_eq!(links.get("next").is_none(), page == last, "{per_page}: {links}");
            if !is_first {
                assert_eq!(links["first"], first["links"]["self"]);
            }
        }
        let back = user.walk(last["links"]["self"].as_str().unwrap(), "prev").await;
        let mut backwards: Vec<_> = back.iter().rev().flat_map(ids).collect();
        assert_eq!(backwards, all, "{per_page}");
        backwards.dedup();
        assert_eq!(backwards.len(), all.len());
        assert!(back.last().unwrap()["links"].get("prev").is_none());
    }
}

#[tokio::test]
async fn pages_have_1_to_100_packages() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..120).map(|number| format!("name-{number}"));
    bulk::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    for (query, count) in [
        ("", 30),
        ("?per_page=1", 1),
        ("?per_page=100", 100),
        ("?per_page=%35", 5),
    ] {
        assert_eq!(ids(&user.list(query).await.json()).len(), count, "{query}");
    }
    for per_page in [
        "0",
        "101",
        "-1",
        "",
        "x",
        "1.5",
        "1e1",
        "99999999999999999999999",
        "%00",
    ] {
        let answer = user.list(&format!("?per_page={per_page}")).await;
        answer.assert_error(422);
        assert_eq!(answer.json()["errors"][0]["field"], "per_page", "{per_page}");
    }
}

#[tokio::test]
async fn link_headers_repeat_the_links() {
    let app = TestApp::start().await;
    let user = files(&app);
    for name in ["a", "b", "c"] {
        user.publish(&file(name)).await.id();
    }
    let mut query = "?per_page=1&name=".to_owned();
    for relations in [&["next"][..], &["first", "prev", "next"], &["first", "prev"]] {
        let page = user.list(&query).await;
        let links = &page.json()["links"];
        let link = |name: &&str| format!("<{}>; rel=\"{name}\"", links[*name].as_str().unwrap());
        let expected: Vec<_> = relations.iter().map(link).collect();
        assert_eq!(page.header("link"), Some(expected.join(", ").as_str()));
        let next = links["next"].as_str().unwrap_or_default();
        query = next
            .split_once('?')
            .map_or_else(String::new, |(_, next)| format!("?{next}"));
    }
    assert_eq!(user.list("").await.header("link"), None);
    // A name that no package can have makes no header that a front door would refuse.
    let next = user.list("?per_page=1").await.json()["links"]["next"].clone();
    let after = next.as_str().unwrap().rsplit("after=").next().unwrap().to_owned();
    let long = user
        .list(&format!("?after={after}&name={}", "x".repeat(5000)))
        .await;
    assert_eq!((long.status.as_u16(), long.header("link")), (200, None));
    assert!(long.json()["links"]["first"].is_string());
}

#[tokio::test]
async fn numbered_pages_are_refused() {
    let app = TestApp::start().await;
    let user = files(&app);
    for query in ["?page=1", "?page=2&per_page=10", "?page=x"] {
        let refused = user.list(query).await;
        assert_eq!(refused.assert_error(422).json()["errors"][0]["field"], "page");
        let message = refused.message();
        assert!(
            message.contains("`after`") && message.contains("`before`"),
            "{message}"
        );
    }
    assert_eq!(user.list("?page=").await.status, 200);
    let registries = |query| app.user.registries() + query;
    for query in ["", "?page=", "?page=1"] {
        let listed = user.call(Method::GET, &registries(query)).await;
        assert_eq!(listed.json().as_array().unwrap().len(), 2, "{query}");
    }
    let refused = user.call(Method::GET, &registries("?page=2")).await;
    assert_eq!(refused.assert_error(422).json()["errors"][0]["field"], "page");
}

#[tokio::test]
async fn recreated_registries_show_nothing_old() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("old")).await.id();
    let names = (1..250).map(|number| format!("old-{number}"));
    bulk::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    let page = user.list("?per_page=1").await.json();
    let old_next = page["links"]["next"].as_str().unwrap().to_owned();
    let old = app
        .records
        .registry(&format!("{}/{FILES}", app.organization.slug).parse().unwrap())
        .await
        .unwrap();
    app.records.delete_registry(&old, tester()).await.unwrap();
    user.list("").await.assert_error(404);
    app.create_registry(FILES, Ecosystem::Files).await;
    assert_eq!(user.list("").await.json()["items"], json!([]));
    let new = [
        user.publish(&file("old")).await.id(),
        user.publish(&file("new")).await.id(),
    ];
    let listed = user.list("").await.json();
    assert_eq!(ids(&listed), [new[1].clone(), new[0].clone()]);
    assert!(listed["links"].get("next").is_none(), "{listed}");
    assert_eq!(ids(&user.list("?name=old").await.json()), [new[0].clone()]);
    let path = old_next.strip_prefix(&user.base_url).unwrap();
    user.call(Method::GET, path).await.assert_error(422);
}

#[tokio::test]
async fn lists_need_the_read_scope() {
    let app = TestApp::start().await;
    app.user
        .authorized(None)
        .list("?per_page=x")
        .await
        .assert_error(401);
    app.stranger().await.list("?per_page=x").await.assert_error(404);
    let writer = app
        .user_with(&[Scope::CreatePackages, Scope::WritePackages, Scope::DeletePackages])
        .await;
    writer.list("?per_page=x").await.assert_error(403);
    let (bound, _) = app
        .user_of(NewToken {
            scopes: vec![Scope::ReadPackages],
            registry: Some((app.registry.id, app.registry.slug().clone())),
            ..NewToken::default()
        })
        .await;
    bound.at(ORGANIZATION, FILES).list("").await.assert_error(404);
    assert_eq!(bound.list("").await.status, 200);
    app.user.list("?per_page=x").await.assert_error(422);
}

#[tokio::test]
async fn pages_cost_two_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..300).map(|number| format!("name-{number}"));
    bulk::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    for query in ["", "?per_page=1", "?per_page=100", "?name=name-7"] {
        proxy.clear();
        assert_eq!(user.list(query).await.status, 200);
        assert_eq!(proxy.calls(), ["BatchGetItem", "Query"], "{query}");
    }
}
