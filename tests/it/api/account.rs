//! The caller's account: token, user and organizations.

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use insta::assert_snapshot;
use packages_api::records::NewToken;
use packages_api::{DEVELOPMENT_TOKEN, Scope};

use crate::support::answer::Answer;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, slug, tester};
use crate::support::client::Client;
use crate::support::registry_deeds::RegistryDeeds as _;

const TOKEN: &str = "/v2/access-token";
const READS: [&str; 4] = [
    TOKEN,
    "/v2/user",
    "/v2/organizations",
    "/v2/organizations/my_great_org",
];

async fn get(user: &Client, path: &str) -> Answer {
    user.call(Method::GET, path).await
}

fn seconds_from_now(seconds: i64) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    now.as_secs().checked_add_signed(seconds)
}

fn ann() -> NewToken {
    NewToken {
        scopes: vec![Scope::ReadPackages, Scope::CreatePackages],
        description: Some("laptop".to_owned()),
        name: Some("Ann Example".to_owned()),
        email: Some("ann@example.com".to_owned()),
        ..NewToken::default()
    }
}

#[tokio::test]
async fn accounts_have_the_documented_bodies() {
    let app = TestApp::start().await;
    let (user, token) = app.user_of(ann()).await;
    for (name, path) in ["token", "user", "organizations", "organization"]
        .iter()
        .zip(READS)
    {
        assert_snapshot!(*name, get(&user, path).await.rendered());
    }
    let answer = get(&user, TOKEN).await.json();
    assert_eq!(answer["uuid"], token.id.to_string());
    let organizations = get(&user, READS[2]).await.json();
    assert_eq!(organizations[0], get(&user, READS[3]).await.json());
}

#[tokio::test]
async fn tokens_without_a_name_have_their_description() {
    let app = TestApp::start().await;
    let token = |description: Option<&str>| NewToken {
        description: description.map(str::to_owned),
        expires_at: seconds_from_now(3600),
        ..NewToken::default()
    };
    let (described, record) = app.user_of(token(Some("CI"))).await;
    assert_eq!(get(&described, "/v2/user").await.json()["name"], "CI");
    let answer = get(&described, TOKEN).await.json();
    assert_eq!(answer["user"], serde_json::json!({ "name": null, "email": null }));
    let end = humantime::parse_rfc3339(answer["expires_at"].as_str().expect("a time"));
    let end = end
        .expect("a time")
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    assert_eq!(Some(end.as_secs()), record.expires_at);
    let (nameless, _) = app.user_of(token(None)).await;
    assert!(get(&nameless, "/v2/user").await.json()["name"].is_null());
}

#[tokio::test]
async fn any_valid_token_has_an_account() {
    let app = TestApp::start().await;
    let restricted = NewToken {
        registry: Some((app.registry.id, slug(REGISTRY))),
        ..NewToken::default()
    };
    let (restricted, _) = app.user_of(restricted).await;
    let expired = NewToken {
        scopes: Scope::ALL.to_vec(),
        expires_at: seconds_from_now(-1),
        ..NewToken::default()
    };
    let (expired, _) = app.user_of(expired).await;
    let bearer = |secret: &str| app.user.authorized(Some(&format!("Bearer {secret}")));
    let idle = app.user_with(&[]).await;
    let stranger = app.stranger().await;
    let gone = app.records.delete_registry(&app.registry, tester()).await;
    gone.expect("it was there");
    for (who, user, expected) in [
        ("no token", &app.user.authorized(None), [401; 4]),
        ("mistyped", &bearer("pkgs_mistyped"), [401; 4]),
        ("unknown", &bearer(DEVELOPMENT_TOKEN), [401; 4]),
        ("expired", &expired, [401; 4]),
        ("foreign", &stranger, [200, 200, 200, 404]),
        ("without scopes", &idle, [200; 4]),
        ("of a deleted registry", &restricted, [200; 4]),
    ] {
        for (path, expected) in READS.iter().zip(expected) {
            let answer = get(user, path).await;
            assert_eq!(answer.status, expected, "{who}: {path}");
            if expected >= 400 {
                answer.assert_error(expected);
            }
        }
    }
    for path in ["nowhere", "No%20Slug"] {
        get(&app.user, &format!("/v2/organizations/{path}"))
            .await
            .assert_error(404);
    }
    let slugs = get(&stranger, READS[2]).await.json();
    assert_eq!(slugs[0]["slug"], "other_org");
    assert_eq!(slugs.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn tokens_end_themselves() {
    let app = TestApp::start().await;
    let (user, token) = app.user_of(ann()).await;
    let (other, _) = app.user_of(ann()).await;
    for refused in [
        &app.user.authorized(None),
        &app.user.authorized(Some("Bearer pkgs_mistyped")),
    ] {
        refused.call(Method::DELETE, TOKEN).await.assert_error(401);
    }
    let ended = user.call(Method::DELETE, TOKEN).await;
    assert_snapshot!("ended", ended.rendered());
    for path in READS {
        get(&user, path).await.assert_error(401);
    }
    user.call(Method::DELETE, TOKEN).await.assert_error(401);
    assert_eq!(get(&other, TOKEN).await.status, 200);
    let contents = app.contents().await;
    let id = token.id.to_string();
    let left = contents.records.keys().filter(|(_, sk)| sk.ends_with(&id));
    assert_eq!(left.count(), 0);
    assert_eq!(
        contents.of_kind("token").len(),
        2,
        "of the user and the other one"
    );
    let events = get(
        &app.user,
        &format!("/v2/organizations/{ORGANIZATION}/audit_events"),
    )
    .await;
    let event = &events.json()["items"][0];
    assert_eq!(
        (&event["action"], &event["subject"]["id"]),
        (&"token.deleted".into(), &id.as_str().into())
    );
    assert_eq!(event["actor"]["id"], id);
}

#[tokio::test]
async fn former_organizations_are_not_listed() {
    let app = TestApp::start().await;
    let former = app.records.create_organization(&slug("former"), tester()).await;
    let former = former.expect("made");
    let secret = packages_api::Secret::generate().expect("randomness");
    let token = app.records.create_token(&former, &secret, ann(), tester()).await;
    let key = (
        "token/".to_owned() + &token.expect("made").hash.to_string(),
        "token".to_owned(),
    );
    let item = app.contents().await.records[&key].clone();
    let user = app.user.authorized(Some(&format!("Bearer {}", secret.expose())));
    assert_eq!(get(&user, READS[2]).await.json()[0]["slug"], "former");
    let deleted = app.records.delete_organization(&slug("former"), tester()).await;
    deleted.expect("it was there");
    // As if the deletion of its tokens had been cut off.
    crate::support::contents::put_item(&app.stack, item).await;
    assert_eq!(get(&user, READS[2]).await.text(), "[]");
    let later = app.records.create_organization(&slug("former"), tester()).await;
    later.expect("made anew");
    assert_eq!(get(&user, READS[2]).await.text(), "[]");
}
