//! Tokens of a registry: for installing, read-only, each of one registry.

use http::Method;
use insta::assert_snapshot;
use packages_api::records::NewToken;
use packages_api::{DEVELOPMENT_TOKEN, Scope};
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp, slug, tester};
use crate::support::client::Client;
use crate::support::command;
use crate::support::gem::Gem;

impl Client {
    /// `…/tokens`.
    pub(crate) fn tokens(&self) -> String {
        format!("{}/tokens", self.own_registry())
    }

    pub(crate) async fn create_token(&self, description: &str) -> Answer {
        let body = json!({ "description": description });
        self.call_with(Method::POST, &self.tokens(), &body).await
    }

    /// The user with the secret of this answer.
    fn of_token(&self, created: &Answer) -> Self {
        let created = created.json();
        let secret = created["token"].as_str().expect("a secret");
        self.authorized(Some(&format!("Bearer {secret}")))
    }
}

async fn list(user: &Client) -> Value {
    let listed = user.call(Method::GET, &user.tokens()).await;
    assert_eq!(listed.status, 200, "{}", listed.text());
    listed.json()
}

/// A user whose token has a name, and may do everything.
async fn ann(app: &TestApp) -> Client {
    let token = NewToken {
        scopes: Scope::ALL.to_vec(),
        name: Some("Ann Example".to_owned()),
        email: Some("ann@example.com".to_owned()),
        ..NewToken::default()
    };
    app.user_of(token).await.0
}

#[tokio::test]
async fn secrets_are_shown_in_the_creation_alone() {
    let app = TestApp::start().await;
    let user = ann(&app).await;
    let created = user.create_token("Jenkins").await;
    let mut shown = created.json();
    let secret = shown["token"].as_str().expect("a secret").to_owned();
    assert_snapshot!("created", created.rendered().replace(&secret, "[secret]"));
    shown.as_object_mut().expect("an object").remove("token");
    let got = user
        .call(Method::GET, &format!("{}/{}", user.tokens(), created.id()))
        .await;
    assert_eq!(got.json(), shown);
    assert_eq!(list(&user).await, json!([shown]));
    let contents = format!("{:?}", app.contents().await);
    assert!(!contents.contains(&secret));
}

#[tokio::test]
async fn registry_tokens_read_their_registry_alone() {
    let app = TestApp::start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let reader = app.user.of_token(&app.user.create_token("reader").await);
    assert_eq!(reader.get(&id).await.status, 200);
    assert_eq!(reader.download(&id).await, Gem::banana().build().bytes);
    reader.delete(&id).await.assert_error(403);
    reader.publish(&Gem::banana().build()).await.assert_error(403);
    reader.create_token("more").await.assert_error(403);
    reader.call(Method::GET, &reader.tokens()).await.assert_error(403);
    let elsewhere = reader.at(ORGANIZATION, FILES);
    elsewhere
        .call(Method::GET, &elsewhere.packages())
        .await
        .assert_error(404);
}

#[tokio::test]
async fn descriptions_change_by_patch_and_post() {
    let app = TestApp::start().await;
    let user = ann(&app).await;
    let created = user.create_token("Jenkins").await;
    let path = format!("{}/{}", user.tokens(), created.id());
    for (method, body, expected) in [
        (
            Method::PATCH,
            json!({ "description": "Jenkins 2" }),
            json!("Jenkins 2"),
        ),
        (Method::PATCH, json!({}), json!("Jenkins 2")),
        (Method::POST, json!({ "description": "" }), json!("")),
        (
            Method::POST,
            json!({ "description": null, "other": 1 }),
            Value::Null,
        ),
        (
            Method::PATCH,
            json!({ "description": "Jenkins" }),
            json!("Jenkins"),
        ),
    ] {
        let answer = user.call_with(method, &path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["description"], expected);
        assert_eq!(list(&user).await, json!([answer.json()]));
    }
    let token = user.of_token(&created);
    let account = token.call(Method::GET, "/v2/access-token").await.json();
    assert_eq!(account["description"], "Jenkins", "both records were changed");
    let events = user.call(
        Method::GET,
        "/v2/organizations/my_great_org/audit_events?per_page=5",
    );
    let events = events.await.json();
    let actions = events["items"].as_array().expect("items").iter();
    let actions: Vec<_> = actions
        .map(|event| event["action"].as_str().expect("an action"))
        .collect();
    assert_eq!(
        actions,
        [
            "token.updated",
            "token.updated",
            "token.updated",
            "token.updated",
            "token.created"
        ]
    );
    assert_eq!(events["items"][0]["actor"]["name"], "Ann Example");
}

#[tokio::test]
async fn bad_descriptions_are_refused() {
    let app = TestApp::start().await;
    let id = app.user.create_token("Jenkins").await.id();
    let path = format!("{}/{id}", app.user.tokens());
    for (body, status) in [
        (json!({ "description": 7 }).to_string(), 422),
        (json!({ "description": ["a"] }).to_string(), 422),
        (json!({ "description": "x".repeat(1001) }).to_string(), 422),
        (json!(["description"]).to_string(), 422),
        ("{\"description\": \"a\", \"description\": \"b\"}".to_owned(), 400),
        ("{".to_owned(), 400),
        (String::new(), 400),
        (json!({ "other": "x".repeat(70_000) }).to_string(), 413),
    ] {
        for (method, path) in [(Method::POST, app.user.tokens()), (Method::PATCH, path.clone())] {
            let request = app.user.request(method, &path).body(body.clone());
            app.user.send(request).await.assert_error(status);
        }
    }
    let longest = app.user.create_token(&"x".repeat(1000)).await;
    assert_eq!(longest.status, 200);
    assert_eq!(list(&app.user).await.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn deleted_tokens_open_nothing() {
    let app = TestApp::start().await;
    let created = app.user.create_token("Jenkins").await;
    let token = app.user.of_token(&created);
    let path = format!("{}/{}", app.user.tokens(), created.id());
    assert_eq!(token.call(Method::GET, &token.packages()).await.status, 200);
    assert_snapshot!("deleted", app.user.call(Method::DELETE, &path).await.rendered());
    token.call(Method::GET, &token.packages()).await.assert_error(401);
    for method in [Method::GET, Method::DELETE] {
        app.user.call(method, &path).await.assert_error(404);
    }
    let body = json!({ "description": "x" });
    app.user
        .call_with(Method::PATCH, &path, &body)
        .await
        .assert_error(404);
    assert_eq!(list(&app.user).await, json!([]));
}

#[tokio::test]
async fn tokens_of_an_earlier_registry_are_not_listed() {
    let app = TestApp::start().await;
    let created = app.user.create_token("Jenkins").await;
    let token = app.user.of_token(&created);
    app.renew_registry().await;
    assert_eq!(list(&app.user).await, json!([]));
    token.call(Method::GET, &token.packages()).await.assert_error(404);
    let path = format!("{}/{}", app.user.tokens(), created.id());
    app.user.call(Method::GET, &path).await.assert_error(404);
    app.user.call(Method::DELETE, &path).await.assert_error(404);
}

/// One deed, two doors.
#[tokio::test]
async fn tokens_of_admin_are_listed_if_alike() {
    let app = TestApp::start().await;
    for arguments in [
        "--scope read_packages --registry my-registry --description alike",
        "--scope read_packages --registry my-files --description other",
        "--scope read_packages --description wide",
        "--scope read_packages create_packages --registry my-registry --description stronger",
        "--scope read_packages --registry my-registry --expires 1s --description short",
    ] {
        let line = format!("admin --as Bob token create my_great_org {arguments}");
        let output = command::run(&app.stack, &line).await;
        assert!(output.status.success(), "{output:?}");
    }
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    let listed = list(&app.user).await;
    let alike = &listed[0];
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(
        (&alike["description"], &alike["created_by"]["name"]),
        (&json!("alike"), &json!("Bob"))
    );
    assert!(alike["created_by"]["created_at"].is_null());
    // Tokens that can do more are nobody's to delete who may only write registries.
    let tokens = app.records.tokens(&app.organization).await.expect("read");
    let stronger = tokens
        .iter()
        .find(|token| token.description.as_deref() == Some("stronger"));
    let path = format!("{}/{}", app.user.tokens(), stronger.expect("a token").id);
    app.user.call(Method::DELETE, &path).await.assert_error(404);
}

/// Statuses of list, create, get, patch, post and delete. A body that is no JSON is refused after the caller.
async fn statuses(user: &Client, id: &str) -> [u16; 6] {
    let (tokens, token) = (user.tokens(), format!("{}/{id}", user.tokens()));
    let calls = [
        (Method::GET, &tokens),
        (Method::POST, &tokens),
        (Method::GET, &token),
        (Method::PATCH, &token),
        (Method::POST, &token),
        (Method::DELETE, &token),
    ];
    let mut statuses = [0; 6];
    for (status, (method, path)) in statuses.iter_mut().zip(calls) {
        let answer = user.send(user.request(method, path).body("{")).await;
        *status = answer.status.as_u16();
        if *status >= 400 {
            answer.assert_error(*status);
        }
    }
    statuses
}

#[tokio::test]
async fn callers_reach_the_tokens_of_what_they_open() {
    let app = TestApp::start().await;
    let id = app.user.create_token("Jenkins").await.id();
    let token = |scopes: &[Scope], registry: bool, expires_at| NewToken {
        scopes: scopes.to_vec(),
        registry: registry.then(|| (app.registry.id, slug(REGISTRY))),
        expires_at,
        ..NewToken::default()
    };
    let both = [Scope::ReadRegistries, Scope::WriteRegistries];
    let (restricted, _) = app.user_of(token(&both, true, None)).await;
    let (expired, _) = app.user_of(token(&Scope::ALL, false, Some(1))).await;
    let bearer = |secret: &str| app.user.authorized(Some(&format!("Bearer {secret}")));
    let others = Scope::ALL.into_iter().filter(|scope| !both.contains(scope));
    let idle = app.user_with(&others.collect::<Vec<_>>()).await;
    let writer = app.user_with(&[Scope::WriteRegistries]).await;
    for (who, user, expected) in [
        ("no token", &app.user.authorized(None), [401; 6]),
        ("mistyped", &bearer("pkgs_mistyped"), [401; 6]),
        ("unknown", &bearer(DEVELOPMENT_TOKEN), [401; 6]),
        ("expired", &expired, [401; 6]),
        ("foreign", &app.stranger().await, [404; 6]),
        ("no organization", &app.user.at("nowhere", REGISTRY), [404; 6]),
        ("without the scopes", &idle, [403; 6]),
        (
            "read",
            &app.user_with(&[Scope::ReadRegistries]).await,
            [200, 403, 200, 403, 403, 403],
        ),
        ("no registry", &app.user.at(ORGANIZATION, "nothing"), [404; 6]),
        (
            "another registry",
            &app.user.at(ORGANIZATION, FILES),
            [200, 400, 404, 404, 404, 404],
        ),
        (
            "restricted, elsewhere",
            &restricted.at(ORGANIZATION, FILES),
            [404; 6],
        ),
        ("restricted", &restricted, [200, 400, 200, 400, 400, 200]),
        // It is gone by now.
        ("write", &writer, [403, 400, 403, 404, 404, 404]),
    ] {
        assert_eq!(statuses(user, &id).await, expected, "{who}");
    }
    let deleted =
        crate::support::registry_deeds::RegistryDeeds::delete_registry(&app.records, &app.registry, tester());
    deleted.await.expect("it was there");
    for user in [&app.user, &restricted] {
        assert_eq!(statuses(user, &id).await, [404; 6]);
    }
}
