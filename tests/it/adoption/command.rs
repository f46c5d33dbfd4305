//! `admin adopt` and `admin quarantine`.

use crate::support::app::TestApp;
use crate::support::command;
use crate::support::gem::Gem;

#[tokio::test]
async fn command_requires_read_only_mode() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let mut transcript = String::new();
    for line in [
        "admin adopt",
        "admin adopt --dry-run",
        "READ_ONLY=1 admin adopt",
        "READ_ONLY=1 admin adopt --json",
        "admin quarantine list",
        "admin quarantine lift",
    ] {
        transcript.push_str(&command::transcript(&app.stack, line).await);
    }
    insta::assert_snapshot!(transcript);
}
