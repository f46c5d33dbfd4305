//! Gems as attackers make them: each a 422 with a sentence, and nothing left behind.

use std::time::{Duration, Instant};

use crate::support::File;
use crate::support::app::TestApp;
use crate::support::hostile_gems::hostile_gems;

/// Far more than any of them takes; who waits for it hangs.
const HANG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn hostile_gems_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    for (name, bytes) in hostile_gems() {
        let began = Instant::now();
        let answer = app.user.publish(&File::new("banana-1.0.0.gem", bytes)).await;
        assert!(
            answer.status == 422,
            "{name}: {} {}",
            answer.status,
            answer.text()
        );
        answer.assert_error(422);
        assert!(began.elapsed() < HANG, "{name}");
    }
    assert_eq!(app.contents().await, before);
}
