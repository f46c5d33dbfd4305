//! Audit events, as their readers see them.

use http::Method;
use insta::assert_snapshot;
use packages_api::records::NewToken;
use packages_api::{DEVELOPMENT_TOKEN, Scope};
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::app::{REGISTRY, TestApp, slug, tester};
use crate::support::client::Client;
use crate::support::gem::Gem;

const EVENTS: &str = "/v2/organizations/my_great_org/audit_events";

async fn get(user: &Client, path: &str) -> Answer {
    user.call(Method::GET, path).await
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// An address of the API as a path.
fn path(user: &Client, address: &Value) -> Option<String> {
    let address = address.as_str()?;
    Some(address.strip_prefix(&user.base_url).expect("our own").to_owned())
}

#[tokio::test]
async fn events_are_listed_newest_first() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(app.user.delete(&id).await.status, 200);
    let listed = get(&app.user, &format!("{EVENTS}?per_page=3")).await;
    let next = path(&app.user, &listed.json()["links"]["next"]).expect("an address");
    let cursor = next.split("after=").nth(1).expect("a cursor");
    assert_snapshot!("list", listed.rendered().replace(cursor, "[cursor]"));
    let newest = &listed.json()["items"][0];
    let event = get(&app.user, &path(&app.user, &newest["url"]).expect("an address")).await;
    assert_eq!(event.json(), *newest);
    let upper = newest["id"].as_str().expect("an id").to_uppercase();
    assert_eq!(get(&app.user, &format!("{EVENTS}/{upper}")).await.json(), *newest);
}

#[tokio::test]
async fn pages_of_events_are_walked_both_ways() {
    let app = TestApp::start().await;
    for version in 1..9 {
        app.user
            .publish(&Gem::new("banana", &version.to_string()).build())
            .await
            .id();
    }
    let all = ids(&get(&app.user, &format!("{EVENTS}?per_page=100")).await.json());
    assert_eq!(
        all.len(),
        12,
        "an organization, two registries, a token and eight packages"
    );
    assert!(all.is_sorted_by(|newer, older| newer > older));
    for per_page in [1, 5, 12, 13] {
        let mut forth = Vec::new();
        let mut next = Some(format!("{EVENTS}?per_page={per_page}"));
        let mut last = String::new();
        while let Some(address) = next {
            let page = get(&app.user, &address).await.json();
            forth.extend(ids(&page));
            next = path(&app.user, &page["links"]["next"]);
            last = path(&app.user, &page["links"]["self"]).expect("an address");
        }
        assert_eq!(forth, all, "{per_page}");
        let mut back: Vec<String> = Vec::new();
        let mut previous = Some(last);
        while let Some(address) = previous {
            let page = get(&app.user, &address).await.json();
            back.splice(0..0, ids(&page));
            previous = path(&app.user, &page["links"]["prev"]);
        }
        assert_eq!(back, all, "{per_page}");
    }
}

#[tokio::test]
async fn broken_places_of_events_are_refused() {
    let app = TestApp::start().await;
    let page = get(&app.user, &format!("{EVENTS}?per_page=1")).await.json();
    let next = path(&app.user, &page["links"]["next"]).expect("an address");
    let cursor = next.split("after=").nth(1).expect("a cursor");
    let packages = app.user.packages();
    for (path, field) in [
        (format!("{EVENTS}?per_page=0"), "per_page"),
        (format!("{EVENTS}?per_page=101"), "per_page"),
        (format!("{EVENTS}?after=x"), "after"),
        (format!("{EVENTS}?before="), "before"),
        (format!("{EVENTS}?after={cursor}&before={cursor}"), "before"),
        (format!("{EVENTS}?page=2"), "page"),
        // A cursor is bound to its list.
        (format!("{packages}?after={cursor}"), "after"),
    ] {
        let answer = get(&app.user, &path).await;
        answer.assert_error(422);
        assert_eq!(answer.json()["errors"][0]["field"], field, "{path}");
    }
}

#[tokio::test]
async fn events_are_for_tokens_that_may_read_them() {
    let app = TestApp::start().await;
    let newest = get(&app.user, EVENTS).await.json()["items"][0]["url"].clone();
    let event = path(&app.user, &newest).expect("an address");
    let missing = format!("{EVENTS}/0191e23a-4bc8-7683-bfa4-5f73bc9b7c44");
    let broken = format!("{EVENTS}/nothing");
    let restricted = NewToken {
        scopes: Scope::ALL.to_vec(),
        registry: Some((app.registry.id, slug(REGISTRY))),
        ..NewToken::default()
    };
    let (restricted, _) = app.user_of(restricted).await;
    let expired = NewToken {
        scopes: Scope::ALL.to_vec(),
        expires_at: Some(1),
        ..NewToken::default()
    };
    let (expired, _) = app.user_of(expired).await;
    let others: Vec<_> = Scope::ALL
        .into_iter()
        .filter(|scope| *scope != Scope::ReadAuditEvents)
        .collect();
    let idle = app.user_with(&others).await;
    let reader = app.user_with(&[Scope::ReadAuditEvents]).await;
    let bearer = |secret: &str| app.user.authorized(Some(&format!("Bearer {secret}")));
    for (who, user, expected) in [
        ("no token", &app.user.authorized(None), [401; 4]),
        ("unknown", &bearer(DEVELOPMENT_TOKEN), [401; 4]),
        ("expired", &expired, [401; 4]),
        ("foreign", &app.stranger().await, [404; 4]),
        ("without the scope", &idle, [403; 4]),
        ("restricted", &restricted, [403; 4]),
        ("reader", &reader, [200, 200, 404, 404]),
    ] {
        for (path, expected) in [EVENTS, &event, &missing, &broken].into_iter().zip(expected) {
            let answer = get(user, path).await;
            assert_eq!(answer.status, expected, "{who}: {path}");
            if expected >= 400 {
                answer.assert_error(expected);
            }
        }
    }
    for name in ["nowhere", "No%20Slug"] {
        let path = format!("/v2/organizations/{name}/audit_events");
        get(&app.user, &path).await.assert_error(404);
    }
}

#[tokio::test]
async fn events_of_a_former_organization_are_its_own() {
    let app = TestApp::start().await;
    let former = app.records.create_organization(&slug("former"), tester()).await;
    let former = former.expect("made").id;
    let deleted = app.records.delete_organization(&slug("former"), tester()).await;
    deleted.expect("deleted");
    let later = app.records.create_organization(&slug("former"), tester()).await;
    let later = later.expect("made anew");
    let secret = packages_api::Secret::generate().expect("randomness");
    let reader = NewToken {
        scopes: vec![Scope::ReadAuditEvents],
        ..NewToken::default()
    };
    app.records
        .create_token(&later, &secret, reader, tester())
        .await
        .expect("made");
    let user = app.user.authorized(Some(&format!("Bearer {}", secret.expose())));
    let page = get(&user, "/v2/organizations/former/audit_events").await.json();
    let of = |name: &str| {
        page["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| item[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("action"), ["token.created", "organization.created"]);
    assert!(!page.to_string().contains(&former.to_string()));
}
