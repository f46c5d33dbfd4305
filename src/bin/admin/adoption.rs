//! `admin adopt` and `admin quarantine`: a restored table, and the files that have no record in it.

use clap::Subcommand;
use packages_api::adoption::Adoption;
use packages_api::records::Records;
use packages_api::{Files, command_config};
use serde_json::json;

use crate::output::Output;

#[derive(Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List the first 1,000 of them
    List,
    /// Let the sweep remove them
    Lift,
}

/// Message where others may be writing.
const NOT_READ_ONLY: &str = "An adoption wants a registry that nobody writes to: deploy it with the parameter \
    ReadOnly=1, wait 15 minutes for the calls that are under way, and run `READ_ONLY=1 admin adopt`. \
    `admin adopt --dry-run` looks without changing anything.";

/// Adopts the bucket, or reports what that would change.
pub(crate) async fn adopt(dry_run: bool) -> Result<Output, lambda_http::Error> {
    let (config, sdk) = command_config().await?;
    if !dry_run && !config.read_only {
        return Err(NOT_READ_ONLY.into());
    }
    let (records, files) = (Records::new(&sdk, config.table), Files::new(&sdk, config.bucket));
    Ok(Output::one(&Adoption::new(records, files, dry_run).run().await?))
}

pub(crate) async fn quarantine(command: QuarantineCommand) -> Result<Output, lambda_http::Error> {
    let (config, sdk) = command_config().await?;
    let (records, files) = (Records::new(&sdk, config.table), Files::new(&sdk, config.bucket));
    let adoption = Adoption::new(records, files, false);
    let quarantine = adoption.quarantine().await?;
    Ok(match command {
        QuarantineCommand::List => Output::many(&["key", "size"], &quarantine.objects),
        QuarantineCommand::Lift => {
            adoption.lift_quarantine().await?;
            Output::one(&json!({"lifted_objects": quarantine.total}))
        }
    })
}
