//! The Terraform provider's steps, request by request, as its resource and its framework make them: what an
//! apply sets must be answered as it was planned, byte for byte.

use http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;

/// Fields that a configuration sets, and that the provider compares.
const CONFIGURED: [&str; 7] = [
    "name",
    "ecosystem",
    "description",
    "emoji",
    "color",
    "oidc_policy",
    "team_ids",
];

/// A resource `buildkite_registry`: its configuration and its state.
struct Resource {
    user: Client,
    config: Value,
    state: Value,
}

impl Resource {
    fn new(app: &TestApp, config: Value) -> Self {
        let state = Value::Null;
        let user = app.user.clone();
        Self { user, config, state }
    }

    fn path(&self) -> String {
        let slug = self.state["slug"].as_str().expect("a slug in the state");
        format!("{}/{slug}", self.user.registries())
    }

    /// Reads the state anew, and answers whether the next apply has something to do.
    async fn plan(&mut self) -> bool {
        if self.state.is_null() {
            return true;
        }
        let answer = self.user.call(Method::GET, &self.path()).await;
        self.state = match answer.status.as_u16() {
            200 => answer.json(),
            404 => Value::Null,
            status => panic!("{status}: {}", answer.text()),
        };
        self.differences().next().is_some()
    }

    /// Fields whose state is not as configured. What the configuration does not have is null.
    fn differences(&self) -> impl Iterator<Item = &'static str> {
        let differ = |field: &&str| self.config.get(*field).unwrap_or(&Value::Null) != &self.state[*field];
        CONFIGURED.into_iter().filter(differ)
    }

    async fn apply(&mut self) {
        let (method, path, body) = if self.state.is_null() {
            (Method::POST, self.user.registries(), self.config.clone())
        } else {
            // `ecosystem` and `team_ids` cannot be changed; what is to be cleared is null.
            let mut body = json!({ "name": self.config["name"] });
            for field in ["description", "emoji", "color", "oidc_policy"] {
                match self.config.get(field) {
                    Some(value) => body[field] = value.clone(),
                    None if !self.state[field].is_null() => body[field] = Value::Null,
                    None => {}
                }
            }
            (Method::PUT, self.path(), body)
        };
        let answer = self.user.call_with(method, &path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.state = answer.json();
        let inconsistent: Vec<_> = self.differences().collect();
        assert_eq!(
            inconsistent, [""; 0],
            "inconsistent result after apply: {}",
            self.state
        );
        for computed in ["id", "graphql_id", "slug", "type"] {
            assert!(self.state[computed].as_str().is_some_and(|text| !text.is_empty()));
        }
        assert_eq!(self.state["public"], false);
        assert!(!self.plan().await, "a plan after an apply is empty");
    }

    async fn destroy(&mut self) {
        let answer = self.user.call(Method::DELETE, &self.path()).await;
        assert!(matches!(answer.status.as_u16(), 200 | 404), "{}", answer.text());
        self.state = Value::Null;
    }
}

#[tokio::test]
async fn resources_live_through_all_steps() {
    let app = TestApp::start().await;
    let config = json!({
        "name": "Payments Gems",
        "ecosystem": "rubygems",
        "description": "",
        "emoji": ":gem:",
        "color": "#BADA55",
        "oidc_policy": "- iss: https://agent.buildkite.com\n  claims:\n    organization_slug: my-org\n",
        "team_ids": ["0191e23a-4bc8-7683-bfa4-5f73bc9b7c44", "0191e23a-4bc8-7683-bfa4-5f73bc9b7c43"],
    });
    let mut resource = Resource::new(&app, config.clone());
    assert!(resource.plan().await);
    resource.apply().await;
    let first = resource.state.clone();

    // Change.
    resource.config["description"] = json!("Gems of the payments team");
    resource.config["color"] = json!("#badA55");
    assert!(resource.plan().await);
    resource.apply().await;

    // Null out.
    for field in ["description", "emoji", "color", "oidc_policy"] {
        resource.config.as_object_mut().expect("an object").remove(field);
    }
    assert!(resource.plan().await);
    resource.apply().await;

    // Rename: the slug may be planned anew, and stays.
    resource.config["name"] = json!("Gems");
    assert!(resource.plan().await);
    resource.apply().await;
    assert_eq!(resource.state["slug"], first["slug"]);
    assert_eq!(resource.state["id"], first["id"]);

    // Import by slug, into an empty state.
    let mut imported = Resource::new(&app, resource.config.clone());
    imported.state = json!({ "slug": first["slug"] });
    assert!(!imported.plan().await, "an import is as configured");
    assert_eq!(imported.state, resource.state);

    // Lost outside: it is made anew.
    let deleted = app.user.call(Method::DELETE, &resource.path()).await;
    assert_eq!(deleted.status, 200);
    assert!(resource.plan().await && resource.state.is_null());
    resource.apply().await;
    assert_ne!(resource.state["id"], first["id"]);

    // Destroy, and destroy what is gone.
    resource.destroy().await;
    imported.destroy().await;
    let left = app.user.call(Method::GET, &app.user.registries()).await;
    assert_eq!(left.json().as_array().expect("an array").len(), 2);
}

/// The provider repeats a creation whose answer was lost, up to ten times.
#[tokio::test]
async fn repeated_applies_find_their_registry() {
    let app = TestApp::start().await;
    let config = json!({ "name": "Gems", "ecosystem": "ruby", "team_ids": ["a"] });
    let mut resource = Resource::new(&app, config.clone());
    resource.apply().await;
    let first = resource.state.clone();
    resource.state = Value::Null;
    resource.apply().await;
    assert_eq!(resource.state, first);
}

/// Another workspace must not adopt a registry, nor destroy it later.
#[tokio::test]
async fn other_workspaces_adopt_nothing() {
    let app = TestApp::start().await;
    let config = json!({ "name": "Gems", "ecosystem": "ruby", "team_ids": ["a"] });
    Resource::new(&app, config.clone()).apply().await;
    let other = app.user_with(&packages_api::Scope::ALL).await;
    let refused = other.call_with(Method::POST, &other.registries(), &config).await;
    assert_eq!(refused.assert_error(422).json()["errors"][0]["field"], "name");
}
