//! Calls of jobs that the registry's policy lets in.

use http::Method;
use packages_api::OidcConfig;
use packages_api::formats::Ecosystem;

use crate::support::app::{ORGANIZATION, REGISTRY};
use crate::support::contents::text;
use crate::support::fault::{Fault, Gate};
use crate::support::form::Form;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::issuer::{ED25519, P256, RSA, claims_for};
use crate::support::jobs::Jobs;
use crate::support::log::lines_of;

#[tokio::test]
async fn jobs_publish_list_get_and_delete() {
    let jobs = Jobs::start().await;
    jobs.issuer
        .publish(vec![RSA.jwk("rsa"), P256.jwk("p256"), ED25519.jwk("ed")]);
    for (key, kid) in [(&*RSA, "rsa"), (&*P256, "p256"), (&*ED25519, "ed")] {
        let job = jobs.signed(key, kid);
        let gem = Gem::banana().build();
        let published = job.publish(&gem).await;
        let id = published.id();
        assert_eq!(job.get(&id).await.text(), published.text());
        let list = job.call(Method::GET, &job.packages()).await.json();
        assert_eq!(list["items"][0]["id"], id.as_str());
        assert_eq!(job.download(&id).await, gem.bytes);
        assert_eq!(job.delete(&id).await.status, 200);
        job.get(&id).await.assert_error(404);
    }
    assert_eq!(jobs.issuer.count(), 2, "its keys are fetched once");
}

#[tokio::test]
async fn jobs_publish_uploads_and_repeat_them() {
    let jobs = Jobs::start().await;
    let job = jobs.job();
    let gem = Gem::banana().build();
    let (_, url) = job.upload(&gem).await;
    let id = job.publish_url(&url).await.id();
    assert_eq!(job.publish_url(&url).await.id(), id);
    // A token is good any number of times until it ends.
    assert_eq!(job.publish(&gem).await.id(), id);
}

#[tokio::test]
async fn known_keys_cost_no_further_round_trip() {
    let (jobs, proxy) = Jobs::behind_proxy().await;
    let job = jobs.job();
    job.publish(&Gem::banana().build()).await.id();
    let first = [
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "PutObject",
        "TransactWriteItems",
    ];
    assert_eq!(proxy.calls(), first);
    proxy.clear();
    let id = job.publish(&Gem::new("other", "1.0.0").build()).await.id();
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    proxy.clear();
    assert_eq!(job.get(&id).await.status, 200);
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
}

#[tokio::test]
async fn decisions_are_logged() {
    let jobs = Jobs::start().await;
    let answer = jobs.job().publish(&Gem::banana().build()).await;
    let line = lines_of(&answer).pop().expect("a line");
    assert_eq!(line["issuer"], jobs.issuer.address.as_str());
    assert_eq!(line["subject"], "repo:example/app");
    assert_eq!(line["statement"], 2);
    assert_eq!(line["token_id"], serde_json::Value::Null);
    // Nothing of a token that is not let in.
    let refused = jobs.changed(|claims| claims["repository"] = "stranger/app".into());
    let line = lines_of(&refused.get("x").await).pop().expect("a line");
    for name in ["issuer", "subject", "statement", "token_id"] {
        assert_eq!(line[name], serde_json::Value::Null, "{name}");
    }
}

#[tokio::test]
async fn publishers_are_recorded_and_audited() {
    let jobs = Jobs::start().await;
    jobs.job().publish(&Gem::banana().build()).await.id();
    let contents = jobs.app.contents().await;
    let (_, package) = contents.of_kind("packages")[0];
    let publisher = package["publisher"].as_m().expect("a publisher");
    assert_eq!(text(publisher, "issuer"), jobs.issuer.address);
    assert_eq!(text(publisher, "subject"), "repo:example/app");
    assert_eq!(publisher["statement"].as_n().expect("a number"), "2");
    let published_by: uuid::Uuid = text(package, "published_by").parse().expect("a UUID");
    assert_eq!(published_by.get_version_num(), 5);
    let events = contents.of_kind("audit");
    let (_, event) = events.last().expect("an event");
    let actor = event["actor"].as_m().expect("an actor");
    assert_eq!(text(actor, "id"), published_by.to_string());
    assert_eq!(text(actor, "issuer"), jobs.issuer.address);
    assert_eq!(text(actor, "subject"), "repo:example/app");
    assert_eq!(actor["statement"].as_n().expect("a number"), "2");
    // A package of a token has no publisher beside the token's id.
    let id = jobs
        .app
        .user
        .publish(&Gem::new("other", "1.0.0").build())
        .await
        .id();
    let contents = jobs.app.contents().await;
    let packages = contents.of_kind("packages");
    let (_, of_token) = packages.iter().find(|(own, _)| *own == id).expect("a package");
    assert!(!of_token.contains_key("publisher"));
}

/// The request of the public service's plugin: `-F file=@…`, and a token for the public service.
#[tokio::test]
async fn public_audiences_are_taken_where_the_deployment_says() {
    for accepts_public_audience in [true, false] {
        let jobs = Jobs::configured(OidcConfig {
            accepts_public_audience,
            allows_private_issuers: true,
            ..OidcConfig::default()
        })
        .await;
        let audience = format!("https://packages.buildkite.com/{ORGANIZATION}/{REGISTRY}");
        let claims = claims_for(&jobs.issuer.address, &audience);
        let plugin = jobs.with(&P256.token("one", &claims));
        let answer = plugin.publish_form(Form::usual(&Gem::banana().build())).await;
        if accepts_public_audience {
            answer.id();
        } else {
            answer.assert_error(401);
        }
        // Its own audience is accepted in either case.
        jobs.job().publish(&Gem::banana().build()).await.id();
    }
}

#[tokio::test]
async fn registries_deleted_meanwhile_get_no_package() {
    let (jobs, proxy) = Jobs::behind_proxy().await;
    let gate = Gate::new();
    proxy.inject("PutObject", Fault::PauseBefore(gate.clone()), 1);
    let job = jobs.job();
    let gem = Gem::banana().build();
    let renew = async {
        gate.reached().await;
        jobs.app.renew_registry().await;
        let successor = jobs.app.user.publish(&gem).await.id();
        gate.open();
        successor
    };
    let (late, successor) = tokio::join!(job.publish(&gem), renew);
    late.assert_error(404);
    assert_eq!(assert_consistent(&jobs.app.contents().await), [successor]);
    // The new registry has no policy.
    job.publish(&gem).await.assert_error(404);
}

#[tokio::test]
async fn copies_of_jobs_stay_within_their_registry() {
    let jobs = Jobs::start().await;
    jobs.app.create_registry("more-gems", Ecosystem::Ruby).await;
    jobs.set_policy("more-gems", crate::support::jobs::POLICY).await;
    let job = jobs.job();
    let id = job.publish(&Gem::banana().build()).await.id();
    job.copy(&id, "more-gems").await.assert_error(404);
    assert_eq!(job.copy(&id, REGISTRY).await.id(), id);
}
