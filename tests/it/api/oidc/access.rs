//! The access matrix of jobs: what each scope of a statement lets them do, and where.

use http::Method;

use crate::support::app::{FILES, ORGANIZATION, REGISTRY};
use crate::support::gem::Gem;
use crate::support::jobs::{Jobs, POLICY};

/// Scopes of a statement, and the statuses of get, list, download, publish, upload, copy and delete.
#[rustfmt::skip]
const MATRIX: [(&str, [u16; 7]); 5] = [
    //                                 get  list down publ uplo copy dele
    ("[read_packages]",               [200, 200, 200, 403, 403, 403, 403]),
    ("[write_packages]",              [403, 403, 403, 200, 200, 403, 403]),
    ("[delete_packages]",             [403, 403, 403, 403, 403, 403, 200]),
    // None are named: read and write.
    ("",                              [200, 200, 200, 200, 200, 200, 403]),
    ("[read_packages, write_packages, delete_packages]", [200; 7]),
];

/// The statuses of all calls about a package.
async fn statuses(job: &crate::support::client::Client, id: &str) -> [u16; 7] {
    let package = format!("{}/{id}", job.packages());
    let upload = format!("{}/upload", job.packages());
    let copy = format!("{package}/copy?to={REGISTRY}");
    let answers = [
        job.get(id).await,
        job.call(Method::GET, &job.packages()).await,
        job.call(Method::GET, &format!("{package}/download")).await,
        job.publish(&Gem::banana().build()).await,
        job.call(Method::POST, &upload).await,
        job.call(Method::POST, &copy).await,
        job.delete(id).await,
    ];
    answers.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn scopes_are_those_of_the_statement() {
    let jobs = Jobs::start().await;
    for (scopes, expected) in MATRIX {
        let id = jobs.app.user.publish(&Gem::banana().build()).await.id();
        let scopes = if scopes.is_empty() {
            String::new()
        } else {
            format!("\n  scopes: {scopes}")
        };
        jobs.set_policy(REGISTRY, &format!("- iss: ISSUER{scopes}")).await;
        assert_eq!(statuses(&jobs.job(), &id).await, expected, "{scopes}");
        // The missing part is named.
        let forbidden = jobs.job().delete(&id).await;
        if forbidden.status == 403 {
            assert!(forbidden.message().contains("delete_packages"));
        }
    }
}

#[tokio::test]
async fn tokens_open_one_registry_alone() {
    let jobs = Jobs::start().await;
    jobs.set_policy(FILES, POLICY).await;
    let id = jobs.app.user.publish(&Gem::banana().build()).await.id();
    // For this registry's audience, at another one that would let the same job in.
    let elsewhere = jobs.job().at(ORGANIZATION, FILES);
    assert_eq!(statuses(&elsewhere, &id).await, [401; 7]);
    let elsewhere = jobs.job().at("other_org", REGISTRY);
    assert_eq!(statuses(&elsewhere, &id).await, [401; 7]);
    // A token for both is one for either.
    let both = jobs.changed(|claims| {
        let other = claims["aud"].as_str().expect("a text").replace(REGISTRY, FILES);
        claims["aud"] = serde_json::json!([claims["aud"], other]);
    });
    assert_eq!(both.get(&id).await.status, 200);
    both.at(ORGANIZATION, FILES).get(&id).await.assert_error(404);
}

/// The next call after a change of the policy is decided by it.
#[tokio::test]
async fn policies_end_with_their_change() {
    let jobs = Jobs::start().await;
    let id = jobs.job().publish(&Gem::banana().build()).await.id();
    jobs.set_policy(REGISTRY, "- iss: ISSUER\n  claims: { repository: example/other }")
        .await;
    assert_eq!(statuses(&jobs.job(), &id).await, [401; 7]);
    jobs.set_policy(REGISTRY, "[]").await;
    assert_eq!(statuses(&jobs.job(), &id).await, [404; 7]);
    jobs.set_policy(REGISTRY, POLICY).await;
    jobs.app.renew_registry().await;
    assert_eq!(statuses(&jobs.job(), &id).await, [404; 7]);
}
