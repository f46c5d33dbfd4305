//! Gems as attackers make them: each a 422 with a sentence, and nothing left behind.

use crate::support::File;
use crate::support::app::TestApp;
use crate::support::hostile_gems::hostile_gems;

#[tokio::test]
async fn hostile_gems_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    for (name, bytes) in hostile_gems() {
        let answer = app.user.publish(&File::new("banana-1.0.0.gem", bytes)).await;
        assert!(
            answer.status == 422,
            "{name}: {} {}",
            answer.status,
            answer.text()
        );
        answer.assert_error(422);
    }
    assert_eq!(app.contents().await, before);
}
