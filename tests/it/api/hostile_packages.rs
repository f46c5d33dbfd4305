//! Packages as attackers make them: each a 422 with a sentence, and nothing left behind.

use std::time::{Duration, Instant};

use packages_api::formats::Ecosystem;

use crate::support::File;
use crate::support::app::{ORGANIZATION, TestApp};
use crate::support::hostile::ruby::hostile_gems;
use crate::support::hostile::{LARGEST_FORM, families};

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

#[tokio::test]
async fn expensive_packages_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    for ecosystem in Ecosystem::all() {
        let registry = format!("hostile-{ecosystem}");
        app.create_registry(&registry, ecosystem).await;
    }
    let before = app.contents().await;
    for family in families() {
        let what = format!("{}, {}", family.ecosystem, family.name);
        let user = app
            .user
            .at(ORGANIZATION, &format!("hostile-{}", family.ecosystem));
        let began = Instant::now();
        let answer = user.publish(&family.file(LARGEST_FORM)).await;
        assert!(
            answer.status == 422,
            "{what}: {} {}",
            answer.status,
            answer.text()
        );
        answer.assert_error(422);
        assert!(began.elapsed() < HANG, "{what}");
    }
    assert_eq!(app.contents().await, before);
}
