//! The adoption of a table that was restored to an earlier moment, and of its bucket.

mod command;
pub(crate) mod halves;
mod restored;
mod table;

use packages_api::Files;
use packages_api::adoption::{Adoption, AdoptionReport};
use packages_api::sweep::{Report, Sweep};

use crate::support::app::TestApp;
use crate::support::lines::renderers;

fn adoption(app: &TestApp, dry_run: bool) -> Adoption {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    Adoption::new(app.records.clone(), files, dry_run)
}

pub(crate) async fn adopt(app: &TestApp) -> AdoptionReport {
    adoption(app, false).run().await.expect("a report")
}

async fn sweep(app: &TestApp) -> Report {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    Sweep::new(app.records.clone(), files, renderers)
        .run()
        .await
        .expect("a report")
}

/// Nothing but what was looked at.
pub(crate) fn idle(app: &TestApp, packages: usize) -> AdoptionReport {
    AdoptionReport {
        table: app.stack.table().to_owned(),
        bucket: app.stack.bucket().to_owned(),
        registries: 2,
        packages,
        ..AdoptionReport::default()
    }
}
