//! `GET pypi/{name}/json`.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use http::header::{ACCEPT, IF_NONE_MATCH};
use insta::assert_snapshot;

use super::fixture::{user_of, wheel};
use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::contents::put_item;

async fn project(user: &Client, name: &str) -> Answer {
    user.call(Method::GET, &user.native(&format!("/pypi/{name}/json")))
        .await
}

const ABOUT: &str = "Summary: Splits bananas\nRequires-Python: >=3.8\nAuthor: Ada\nLicense-Expression: MIT\n\
     Requires-Dist: juicer>=1; extra == 'juice'\nProvides-Extra: juice\nKeywords: fruit,ripe\n\
     Classifier: Programming Language :: Python :: 3\nProject-URL: Source, https://example.com/source\n\
     Home-page: https://example.com\nDescription-Content-Type: text/markdown\n\nLong.\n";

#[tokio::test]
async fn projects_have_what_warehouse_documents() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    user.publish(&wheel("Banana.Split", "1.0", "")).await.id();
    user.publish(&wheel("banana-split", "2.0", ABOUT)).await.id();
    // Neither what was published last nor a prerelease is what installers take.
    user.publish(&wheel("banana-split", "1.1", "")).await.id();
    user.publish(&wheel("banana-split", "3.0rc1", "")).await.id();
    let answer = project(&user, "banana-split").await;
    let text = answer.rendered();
    // Times without a zone are not known to `rendered`.
    let is_digest = |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_time = |word: &str| word.len() == 19 && word.contains('T');
    let words = text.split('"').map(|word| match word {
        word if is_digest(word) => "[sha256]",
        word if is_time(word) => "[time]",
        word => word,
    });
    assert_snapshot!(words.collect::<Vec<_>>().join("\""));
    // The addresses are those of the page.
    let json = answer.json();
    let url = json["urls"][0]["url"].as_str().expect("an address");
    let path = url.strip_prefix(&user.base_url).expect("our own");
    assert_eq!(user.call(Method::GET, path).await.status, 302);
    let tag = answer.header("etag").expect("a tag");
    let path = user.native("/pypi/banana-split/json");
    let again = user.request(Method::GET, &path).header(IF_NONE_MATCH, tag);
    assert_eq!(user.send(again).await.status, 304);
}

#[tokio::test]
async fn other_spellings_lead_to_the_normal_project() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    let answer = project(&user, "Banana__Split").await;
    assert_eq!(answer.status, 302, "{}", answer.text());
    let target = format!("{}{}", user.base_url, user.native("/pypi/banana-split/json"));
    assert_eq!(answer.header("location"), Some(&*target));
    let missing = project(&user, "banana-split").await;
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.text(),
        "The registry `my_great_org/my-wheels` has no project `banana-split`. Check the name, or the registry that this \
         index is of.\n"
    );
}

#[tokio::test]
async fn projects_cost_two_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = user_of(&app).await;
    user.publish(&wheel("banana", "1", "")).await.id();
    proxy.clear();
    assert_eq!(project(&user, "banana").await.status, 200);
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem", "Query"]);
}

/// An earlier version published such files.
#[tokio::test]
async fn long_requirements_are_left_out_everywhere() {
    let app = TestApp::start().await;
    let user = user_of(&app).await;
    for version in ["1", "2"] {
        let about = "Requires-Python: >=3.8\n";
        user.publish(&wheel("banana", version, about)).await.id();
    }
    for (key, item) in app.contents().await.of_kind("names") {
        let facts = item["facts"].as_s().expect("text");
        let least = if item["version"].as_s().expect("text") == "2" {
            999
        } else {
            998
        };
        let facts = facts.replace(">=3.8", &format!(">={}", "3".repeat(least)));
        let mut item = item.clone();
        assert_ne!(item["facts"].as_s(), Ok(&facts), "{key:?}");
        item.insert("facts".to_owned(), AttributeValue::S(facts));
        put_item(&app.stack, item).await;
    }
    let json = project(&user, "banana").await.json();
    let releases = json["releases"].as_object().expect("releases");
    assert_eq!(releases.keys().collect::<Vec<_>>(), ["1"]);
    assert_eq!(json["info"]["version"], "1");
    for (accept, beginning) in [
        ("text/html", ">banana-"),
        ("application/vnd.pypi.simple.v1+json", "\"filename\":\"banana-"),
    ] {
        let page = user.request(Method::GET, &user.native("/pypi/simple/banana/"));
        let answer = user.send(page.header(ACCEPT, accept)).await;
        let text = answer.text();
        assert_eq!(text.matches(beginning).count(), 1, "{text}");
        assert!(text.contains(&format!("{beginning}1-")), "{text}");
    }
}
