//! Names of posted files, as clients escape them.

use super::files;
use crate::support::File;
use crate::support::app::TestApp;
use crate::support::gem::Gem;
use crate::support::uploads::UploadForm;

#[tokio::test]
async fn names_survive_as_the_go_client_escapes_them() {
    let app = TestApp::start().await;
    let user = files(&app);
    for name in [
        "with space-1.0.0.txt",
        "plus+sign-1.0.0.txt",
        "escaped%2Bplus-1.0.0.txt",
        "escaped%20space-1.0.0.txt",
        "naïve-1.0.0.txt",
        "日本語-1.0.0.txt",
        "\u{1F34C}-1.0.0.txt",
        "paren(1)-1.0.0.txt",
        "it's!-1.0.0.txt",
        "a&b=c;d,e:f@g$h-1.0.0.txt",
        "what?-1.0.0.txt",
        "number#1-1.0.0.txt",
        "[x]{y}|z^`<>-1.0.0.txt",
        "..dots..-1.0.0.txt",
        "plus+-1.0.0+build.5.txt",
        "escaped%20beside a space-1.0.0.txt",
        "a space beside%20an escaped one-1.0.0.txt",
    ] {
        let file = File::new(name, name.as_bytes());
        let (_, url) = user.upload(&file).await;
        let answer = user.publish_url(&url).await;
        assert_eq!(
            answer.status,
            if name.starts_with('.') { 422 } else { 200 },
            "{name}: {}",
            answer.text()
        );
        if answer.status == 200 {
            assert_eq!(answer.json()["filename"], *name);
            assert_eq!(user.download(&answer.id()).await, name.as_bytes());
        }
    }
}

/// The object under the upload's own prefix is the upload, whatever became of its name on the way.
#[tokio::test]
async fn names_are_found_however_clients_escape_them() {
    let app = TestApp::start().await;
    let user = files(&app);
    for (number, (posted, sent, filename)) in [
        ("a b-1.0.0.txt", "a b-1.0.0.txt", "a b-1.0.0.txt"),
        ("a b-1.0.1.txt", "a%20b-1.0.1.txt", "a b-1.0.1.txt"),
        ("a b-1.0.2.txt", "a%2520b-1.0.2.txt", "a b-1.0.2.txt"),
        ("a b-1.0.3.txt", "a+b-1.0.3.txt", "a b-1.0.3.txt"),
        ("a%20b c-1.0.4.txt", "a%20b%20c-1.0.4.txt", "a%20b c-1.0.4.txt"),
        ("C:\\new\\a-1.0.5.txt", "C:%5Cnew%5Ca-1.0.5.txt", "a-1.0.5.txt"),
        ("C:\\new\\a-1.0.6.txt", "a-1.0.6.txt", "a-1.0.6.txt"),
    ]
    .into_iter()
    .enumerate()
    {
        let form = UploadForm::of(&user.request_upload().await);
        let content = format!("{number}");
        let (status, body) = form
            .post(&user.http, &File::new(posted, content.as_bytes()))
            .await;
        assert_eq!(status, 204, "{body}");
        let url = format!("{}/{}{sent}", form.url, form.key(""));
        let answer = user.publish_url(&url).await;
        assert_eq!(answer.status, 200, "{posted}: {}", answer.text());
        assert_eq!(answer.json()["filename"], filename);
        // Whoever asks again is answered at once, and with the same.
        assert_eq!(user.publish_url(&url).await.json(), answer.json());
        assert_eq!(user.download(&answer.id()).await, content.as_bytes());
    }
}

#[tokio::test]
async fn posted_names_are_the_ones_that_count() {
    let app = TestApp::start().await;
    let form = UploadForm::of(&app.user.request_upload().await);
    let gem = Gem::banana().build();
    let whole_path = File::new("C:/gems/banana-1.0.0.gem", gem.bytes.clone());
    assert_eq!(form.post(&app.user.http, &whole_path).await.0, 204);
    let answer = app.user.publish_url(&form.package_url("banana-1.0.0.gem")).await;
    assert_eq!(answer.json()["filename"], "banana-1.0.0.gem");
    // The form names its prefix only: a key may also be written out.
    let form = UploadForm::of(&app.user.request_upload().await);
    let key = form.key("other-1.0.0.gem");
    let named = form.clone().with("key", &key);
    let other = Gem::new("other", "1.0.0").build();
    assert_eq!(named.post(&app.user.http, &other).await.0, 204);
    app.user
        .publish_url(&form.package_url("other-1.0.0.gem"))
        .await
        .id();
}
