//! `gem signin`, `gem owner`, and `gem push --attestation`.

use http::Method;
use http::header::CONTENT_TYPE;
use packages_api::Scope;

use super::ruby::{get, said};
use crate::api::attestations::bundle_of;
use crate::support::File;
use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::native_requests::sign_in;

#[tokio::test]
async fn signing_in_answers_the_token_itself() {
    let app = TestApp::start().await;
    let user = app.user_with(&[Scope::ReadPackages]).await;
    let token = user
        .authorization
        .as_deref()
        .and_then(|text| text.strip_prefix("Bearer "));
    let token = token.expect("a token");
    let answer = sign_in(&user, "ada@example.com", token).await;
    assert_eq!(said(&answer), (200, token));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let wrong = sign_in(&user, "ada@example.com", "secret").await;
    assert_eq!(
        said(&wrong),
        (
            401,
            "This is not a token of this registry: its tokens begin with `pkgs_`. Use one made for this organization. \
             `gem` sends the one in GEM_HOST_API_KEY, else the one of this host in ~/.gem/credentials; Bundler sends the \
             one of this host in `bundle config`.\n"
        )
    );
}

#[tokio::test]
async fn owners_are_not_kept() {
    let app = TestApp::start().await;
    let sentence = "This registry keeps no owners of gems: the scopes of a token decide what its holder may do. Ask an \
                    administrator for a token.\n";
    let list = get(&app.user, "/api/v1/gems/banana/owners.yaml").await;
    assert_eq!(said(&list), (404, sentence));
    let path = app.user.native("/api/v1/gems/banana/owners");
    for method in [Method::POST, Method::DELETE] {
        let answer = app.user.call(method, &path).await;
        assert_eq!(said(&answer), (404, sentence));
        assert_eq!(
            app.user.authorized(None).call(Method::POST, &path).await.status,
            401
        );
    }
}

/// Pushes as `gem push --attestation` does.
async fn push(user: &Client, file: &File, attestations: &str) -> Answer {
    let gem = format!(
        "Content-Disposition: form-data; name=\"gem\"; filename=\"{}\"\r\nContent-Type: application/octet-stream",
        file.name
    );
    let head = "Content-Disposition: form-data; name=\"attestations\"\r\nContent-Type: application/json";
    let form = Form::of(&[Part::new(&gem, file.bytes.clone()), Part::new(head, attestations)]);
    let request = user.request(Method::POST, &user.native("/api/v1/gems"));
    user.send(request.header(CONTENT_TYPE, form.content_type).body(form.body))
        .await
}

#[tokio::test]
async fn pushed_attestations_are_kept() {
    let app = TestApp::start().await;
    let file = Gem::banana().build();
    let bundle = bundle_of(&file.bytes);
    let lines: Vec<_> = bundle.lines().collect();
    // As `gem` joins files, which may have line feeds.
    let list = format!("[{}\n]", lines.join("\n,").replace("\":", "\":\n"));
    let answer = push(&app.user, &file, &list).await;
    assert_eq!(
        said(&answer),
        (200, "Successfully registered gem: banana (1.0.0)\n")
    );
    let id = app.user.publish(&file).await.id();
    let kept = app.user.attestations(&id).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let values = |text: &str| -> Vec<serde_json::Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    assert_eq!(values(kept.text()), values(&bundle));
}

#[tokio::test]
async fn attestations_of_other_files_are_refused() {
    let app = TestApp::start().await;
    let file = Gem::banana().build();
    for list in ["{}", "[1]", "[{}]", "x"] {
        let answer = push(&app.user, &file, list).await;
        assert_eq!(answer.status, 422, "{list}: {}", answer.text());
    }
    let other = bundle_of(b"another file");
    let list = format!("[{}]", other.lines().collect::<Vec<_>>().join(","));
    assert_eq!(push(&app.user, &file, &list).await.status, 422);
    let list = app.user.call(Method::GET, &app.user.packages()).await.json();
    assert_eq!(list["items"], serde_json::json!([]), "nothing was published");
}
