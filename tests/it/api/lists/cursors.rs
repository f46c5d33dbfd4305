//! Cursors that no page has handed out.

use super::{files, ids};
use crate::support::File;
use crate::support::app::TestApp;
use crate::support::gem::Gem;

#[tokio::test]
async fn altered_and_foreign_cursors_are_refused() {
    let app = TestApp::start().await;
    for version in ["1.0.0", "1.0.1"] {
        app.user.publish(&Gem::new("banana", version).build()).await.id();
        files(&app)
            .publish(&File::new(&format!("x-{version}.txt"), version))
            .await
            .id();
    }
    let page = app.user.list("?per_page=1").await.json();
    let next = page["links"]["next"].as_str().unwrap();
    let cursor = next.rsplit("after=").next().unwrap().to_owned();
    assert_eq!(app.user.list(&format!("?after={cursor}")).await.status, 200);
    assert_eq!(app.user.list(&format!("?before={cursor}")).await.status, 200);
    let mut wrong: Vec<_> = ["", "x", "%00", "null", "0", "-1", "../..", "AAAA", "%ff%ff"]
        .map(str::to_owned)
        .into();
    for at in 0..cursor.len() {
        let mut altered = cursor.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        wrong.push(String::from_utf8(altered).unwrap());
        wrong.push(cursor[..at].to_owned());
        wrong.push(cursor[at + 1..].to_owned());
    }
    wrong.extend([
        format!("{cursor}="),
        format!("{cursor}A"),
        cursor.to_uppercase(),
        format!("%20{cursor}"),
    ]);
    let id = page["items"][0]["id"].as_str().unwrap();
    wrong.push(id.to_owned());
    wrong.push("A".repeat(5_000));
    for (number, cursor) in wrong.iter().enumerate() {
        let parameter = if number % 2 == 0 { "after" } else { "before" };
        let answer = app.user.list(&format!("?{parameter}={cursor}")).await;
        assert_eq!(answer.status, 422, "{parameter}={cursor}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["field"], parameter);
    }
    files(&app)
        .list(&format!("?after={cursor}"))
        .await
        .assert_error(422);
    app.user
        .list(&format!("?after={cursor}&before={cursor}"))
        .await
        .assert_error(422);
    // The place outlives the package.
    app.user.delete(id).await;
    let rest = app.user.list(&format!("?after={cursor}")).await.json();
    assert_eq!(ids(&rest).len(), 1);
}
