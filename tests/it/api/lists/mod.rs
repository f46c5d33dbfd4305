//! Lists: newest first, a page at a time, and right while others publish and delete.

mod cursors;
mod names;
mod pages;
mod writers;

use http::Method;
use serde_json::Value;

use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;

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
