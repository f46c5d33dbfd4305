//! Lists: newest first, a page at a time, and right while others publish and delete.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Method;
use packages_api::Scope;
use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::gem::Gem;
use crate::support::many;

impl Client {
    async fn list(&self, query: &str) -> Answer {
        self.call(Method::GET, &format!("{}{query}", self.packages()))
            .await
    }

    /// The page at an address of `links`.
    async fn page(&self, url: &str) -> Value {
        let path = url.strip_prefix(&self.base_url).expect("an address of this API");
        let answer = self.call(Method::GET, path).await;
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());
        assert_eq!(
            answer.json()["links"]["self"],
            url,
            "a page knows its own address"
        );
        answer.json()
    }

    /// Every page from `url` on, in the direction of `link`.
    async fn walk(&self, url: &str, link: &str) -> Vec<Value> {
        let mut pages = vec![self.page(url).await];
        while let Some(next) = pages.last().and_then(|page| page["links"][link].as_str()) {
            let next = next.to_owned();
            pages.push(self.page(&next).await);
        }
        pages
    }
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().expect("items").iter();
    items
        .map(|item| item["id"].as_str().expect("an id").to_owned())
        .collect()
}

fn file(name: &str) -> File {
    File::new(&format!("{name}-1.0.0.txt"), name)
}

fn files(app: &TestApp) -> Client {
    app.user.at(ORGANIZATION, FILES)
}

#[tokio::test]
async fn an_empty_registry_is_an_empty_list() {
    let app = TestApp::start().await;
    insta::assert_snapshot!(app.user.list("").await.whole());
}

#[tokio::test]
async fn a_page_has_the_documented_body() {
    let app = TestApp::start().await;
    for version in ["1.0.0", "1.0.1", "2.0.0"] {
        app.user.publish(&Gem::new("banana", version).build()).await.id();
    }
    let page = app.user.list("?per_page=2").await;
    let next = page.json()["links"]["next"].as_str().unwrap().to_owned();
    let cursor = next.rsplit("after=").next().unwrap();
    insta::assert_snapshot!(page.whole().replace(cursor, "[cursor]"));
}

#[tokio::test]
async fn pages_are_walked_both_ways_to_their_ends() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..25).map(|number| format!("name-{number}"));
    let mut all = many::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
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
async fn a_page_has_from_one_to_a_hundred_packages_and_thirty_by_default() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..120).map(|number| format!("name-{number}"));
    many::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
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
async fn a_name_is_matched_exactly_by_the_ecosystems_own_rule() {
    let app = TestApp::start().await;
    let user = files(&app);
    for name in [
        "banana",
        "banana-split",
        "bananas",
        "Banana",
        "ba",
        "b na+n%2Fa",
        "naïve",
    ] {
        user.publish(&file(name)).await.id();
    }
    let later = File::new("banana-2.0.0.txt", "later");
    user.publish(&later).await.id();
    for (query, found) in [
        ("banana", &["banana", "banana"][..]),
        ("Banana", &["Banana"]),
        ("banana-split", &["banana-split"]),
        ("ba", &["ba"]),
        ("ban", &[]),
        ("b+na%2Bn%252Fa", &["b na+n%2Fa"]),
        ("na%C3%AFve", &["naïve"]),
        ("banana%2F", &[]),
        ("%00", &[]),
        ("%ff", &[]),
    ] {
        let answer = user.list(&format!("?name={query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let items = answer.json();
        let names: Vec<_> = items["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].clone())
            .collect();
        assert_eq!(names, found, "{query}");
    }
    // No name is as long: nothing is found, and nothing goes wrong.
    for length in [255, 256, 1_000, 1_024, 4_000] {
        for letter in ["x", "%C3%AF"] {
            let name = letter.repeat(length / letter.len());
            let answer = user.list(&format!("?name={name}")).await;
            assert_eq!(answer.status, 200, "{length}: {}", answer.text());
            assert_eq!(answer.json()["items"], json!([]));
        }
    }
    let page = user.list("?name=banana&per_page=1").await.json();
    let next = page["links"]["next"].as_str().unwrap();
    assert!(
        next.contains("name=banana") && next.contains("per_page=1"),
        "{next}"
    );
    let pages = user.walk(page["links"]["self"].as_str().unwrap(), "next").await;
    let versions: Vec<_> = pages.iter().map(|page| &page["items"][0]["version"]).collect();
    assert_eq!(versions, ["2.0.0", "1.0.0"]);
}

#[tokio::test]
async fn a_cursor_that_is_altered_or_foreign_is_refused() {
    let app = TestApp::start().await;
    for version in ["1.0.0", "1.0.1"] {
        app.user.publish(&Gem::new("banana", version).build()).await.id();
        files(&app)
            .publish(&File::new(&format!("x-{version}.txt"), version))
            .await
            .id();
    }
    let page = app.user.list("?per_page=1").await.json();
    let next = page["links"]["next"].as_str().unwrap();
    let cursor = next.rsplit("after=").next().unwrap().to_owned();
    assert_eq!(app.user.list(&format!("?after={cursor}")).await.status, 200);
    assert_eq!(app.user.list(&format!("?before={cursor}")).await.status, 200);
    let mut wrong: Vec<_> = ["", "x", "%00", "null", "0", "-1", "../..", "AAAA", "%ff%ff"]
        .map(str::to_owned)
        .into();
    for at in 0..cursor.len() {
        let mut altered = cursor.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        wrong.push(String::from_utf8(altered).unwrap());
        wrong.push(cursor[..at].to_owned());
        wrong.push(cursor[at + 1..].to_owned());
    }
    wrong.extend([
        format!("{cursor}="),
        format!("{cursor}A"),
        cursor.to_uppercase(),
        format!("%20{cursor}"),
    ]);
    let id = page["items"][0]["id"].as_str().unwrap();
    wrong.push(id.to_owned());
    wrong.push("A".repeat(5_000));
    for (number, cursor) in wrong.iter().enumerate() {
        let parameter = if number % 2 == 0 { "after" } else { "before" };
        let answer = app.user.list(&format!("?{parameter}={cursor}")).await;
        assert_eq!(answer.status, 422, "{parameter}={cursor}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["field"], parameter);
    }
    files(&app)
        .list(&format!("?after={cursor}"))
        .await
        .assert_error(422);
    app.user
        .list(&format!("?after={cursor}&before={cursor}"))
        .await
        .assert_error(422);
    // The place outlives the package.
    app.user.delete(id).await;
    let rest = app.user.list(&format!("?after={cursor}")).await.json();
    assert_eq!(ids(&rest).len(), 1);
}

#[tokio::test]
async fn a_registry_made_anew_shows_nothing_of_the_old_one() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("old")).await.id();
    let names = (1..250).map(|number| format!("old-{number}"));
    many::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    let page = user.list("?per_page=1").await.json();
    let old_next = page["links"]["next"].as_str().unwrap().to_owned();
    let old = app
        .records
        .registry(&format!("{}/{FILES}", app.organization.slug).parse().unwrap())
        .await
        .unwrap();
    app.records.delete_registry(&old).await.unwrap();
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
async fn who_may_not_read_is_told_nothing() {
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
async fn a_page_costs_two_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..300).map(|number| format!("name-{number}"));
    many::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    for query in ["", "?per_page=1", "?per_page=100", "?name=name-7"] {
        proxy.clear();
        assert_eq!(user.list(query).await.status, 200);
        assert_eq!(proxy.calls(), ["BatchGetItem", "Query"], "{query}");
    }
}

/// Publishes and deletes until it is told to stop. Answers how often.
async fn write(user: Client, number: usize, stop: Arc<AtomicBool>) -> usize {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("writer-{number}-{turn}-1.0.0.txt");
        let id = user.publish(&File::new(&name, name.as_bytes())).await.id();
        // Every third stays.
        if turn % 3 > 0 {
            assert_eq!(user.delete(&id).await.status, 200);
        }
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_there_all_the_time_is_seen_once_while_others_write() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..1_000).map(|number| format!("name-{number}"));
    let mut lasting = many::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    lasting.push(like);
    let lasting: BTreeSet<_> = lasting.into_iter().collect();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: JoinSet<_> = (0..8)
        .map(|number| write(user.clone(), number, Arc::clone(&stop)))
        .collect();
    for per_page in [17, 100] {
        let first = user.list(&format!("?per_page={per_page}")).await.json();
        let forth = user.walk(first["links"]["self"].as_str().unwrap(), "next").await;
        let last = forth.last().unwrap()["links"]["self"].as_str().unwrap();
        let back = user.walk(last, "prev").await;
        for (way, pages) in [("forth", forth), ("back", back)] {
            let seen: Vec<_> = pages.iter().flat_map(ids).collect();
            let once: BTreeSet<_> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "{way}: none is seen twice");
            assert_eq!(lasting.difference(&once).count(), 0, "{way}: none is left out");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    assert!(written >= 8, "{written}");
}
