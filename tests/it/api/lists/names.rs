//! Lists of one name.

use serde_json::json;

use super::{file, files};
use crate::support::File;
use crate::support::app::TestApp;

#[tokio::test]
async fn names_match_by_the_rule_of_their_ecosystem() {
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
