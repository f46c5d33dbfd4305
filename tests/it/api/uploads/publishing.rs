//! Publishing by address: the rules are those of every publish.

use packages_api::formats::Ecosystem;
use packages_api::{Digest, Scope};
use serde_json::json;

use crate::support::File;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::form::{Form, Part};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::uploads::UploadForm;

#[tokio::test]
async fn posted_files_are_published_by_address() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (form, url) = app.user.upload(&gem).await;
    let answer = app.user.publish_url(&url).await;
    insta::assert_snapshot!(answer.rendered());
    let expected = json!({
        "sha256": Digest::sha256(&gem.bytes).to_string(),
        "sha512": Digest::sha512(&gem.bytes).to_string(),
    });
    assert_eq!(answer.json()["digests"], expected);
    assert_eq!(app.user.get(&answer.id()).await.text(), answer.text());
    assert_eq!(app.user.download(&answer.id()).await, gem.bytes);
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [answer.id()]);
    assert_eq!(contents.objects.get(&form.key(&gem.name)), Some(&gem.bytes));
}

#[tokio::test]
async fn unposted_uploads_are_not_found() {
    let app = TestApp::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let answer = app.user.publish_url(&form.package_url("banana-1.0.0.gem")).await;
    insta::assert_snapshot!(answer.rendered());
}

#[tokio::test]
async fn forms_have_a_file_or_an_address() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let before = app.contents().await.keys();
    let url_part = Part::field("package_url", &url);
    let file_part = Part::file("form-data", &gem);
    for (parts, code) in [
        (vec![url_part.clone(), file_part.clone()], "ambiguous"),
        (vec![file_part, url_part.clone()], "ambiguous"),
        (vec![url_part.clone(), url_part], "duplicate"),
        (vec![Part::field("packageurl", &url)], "missing"),
        (vec![Part::field("package_url", "")], "foreign"),
    ] {
        let answer = app.user.publish_form(Form::of(&parts)).await;
        answer.assert_error(422);
        assert_eq!(answer.json()["errors"][0]["code"], code);
    }
    let answer = app.user.publish_form(Form::of(&[Part::new(
        "Content-Disposition: form-data; name=\"package_url\"",
        vec![0xff, 0xfe],
    )]));
    answer.await.assert_error(422);
    assert_eq!(app.contents().await.keys(), before);
}

#[tokio::test]
async fn readers_and_strangers_learn_nothing_of_uploads() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let reader = app.user_with(&[Scope::ReadPackages, Scope::DeletePackages]).await;
    let stranger = app.stranger().await;
    for url in [url.as_str(), "x", "http://169.254.169.254/"] {
        app.user.authorized(None).publish_url(url).await.assert_error(401);
        stranger.publish_url(url).await.assert_error(404);
        reader.publish_url(url).await.assert_error(403);
        let nowhere = app.user.at(ORGANIZATION, "nowhere");
        nowhere.publish_url(url).await.assert_error(404);
    }
    app.user.authorized(None).request_upload().await.assert_error(401);
    reader.request_upload().await.assert_error(403);
    app.user
        .at(ORGANIZATION, "nowhere")
        .request_upload()
        .await
        .assert_error(404);
    let writer = app.user_with(&[Scope::WritePackages]).await;
    let (_, url) = writer.upload(&gem).await;
    writer.publish_url(&url).await.id();
}

#[tokio::test]
async fn uploads_of_other_registries_are_foreign() {
    let app = TestApp::start().await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let (_, url) = app.user.upload(&Gem::banana().build()).await;
    let more = app.user.at(ORGANIZATION, "more-gems");
    let answer = more.publish_url(&url).await;
    answer.assert_error(422);
    assert_eq!(answer.json()["errors"][0]["code"], "foreign");
    let renamed = url.replace(&format!("/{REGISTRY}/"), "/more-gems/");
    let answer = more.publish_url(&renamed).await;
    answer.assert_error(422);
    assert_eq!(answer.json()["errors"][0]["code"], "not_found");
}

#[tokio::test]
async fn repeats_get_the_same_package_until_deleted() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let first = app.user.publish_url(&url).await;
    let before = app.contents().await;
    for _ in 0..3 {
        assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    }
    assert_eq!(app.contents().await, before);
    assert_eq!(app.user.delete(&first.id()).await.status, 200);
    let second = app.user.publish_url(&url).await;
    assert_ne!(second.id(), first.id());
    assert_eq!(app.user.publish_url(&url).await.text(), second.text());
    assert_eq!(app.user.download(&second.id()).await, gem.bytes);
    assert_eq!(assert_consistent(&app.contents().await), [second.id()]);
}

#[tokio::test]
async fn reused_forms_are_other_uploads() {
    let app = TestApp::start().await;
    let (form, url) = app.user.upload(&Gem::banana().build()).await;
    let first = app.user.publish_url(&url).await;
    let other = Gem::new("other", "1.0.0").build();
    assert_eq!(form.post(&app.user.http, &other).await.0, 204);
    let second = app.user.publish_url(&form.package_url(&other.name)).await;
    assert_eq!(second.json()["name"], "other");
    assert_eq!(app.user.download(&second.id()).await, other.bytes);
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    let never = app.user.publish_url(&form.package_url("never-1.0.0.gem")).await;
    never.assert_error(422);
    assert_eq!(
        assert_consistent(&app.contents().await),
        [first.id(), second.id()]
    );
}

#[tokio::test]
async fn uploads_follow_the_rules_of_publishes() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let first = app.user.publish(&gem).await;
    let (_, url) = app.user.upload(&gem).await;
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    assert_eq!(app.user.publish_url(&url).await.text(), first.text());
    let other = Gem::banana().summary("Another banana").build();
    let (form, url) = app.user.upload(&other).await;
    let conflict = app.user.publish_url(&url).await;
    conflict.assert_error(409);
    assert!(conflict.message().contains(&first.id()));
    let broken = File::new("broken-1.0.0.gem", "no gem");
    let (broken_form, broken_url) = app.user.upload(&broken).await;
    app.user.publish_url(&broken_url).await.assert_error(422);
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [first.id()]);
    for (form, file) in [(form, other), (broken_form, broken)] {
        assert_eq!(contents.objects.get(&form.key(&file.name)), Some(&file.bytes));
    }
    let stored = contents.objects.keys().filter(|key| !key.starts_with("uploads/"));
    assert_eq!(stored.count(), 1);
}

#[tokio::test]
async fn large_metadata_lies_beside_the_file() {
    let app = TestApp::start().await;
    let gem = Gem::banana().summary(&"long ".repeat(10_000)).build();
    let (_, url) = app.user.upload(&gem).await;
    let answer = app.user.publish_url(&url).await;
    assert_eq!(app.user.get(&answer.id()).await.text(), answer.text());
    assert_eq!(app.user.publish_url(&url).await.text(), answer.text());
    assert_eq!(assert_consistent(&app.contents().await), [answer.id()]);
}
