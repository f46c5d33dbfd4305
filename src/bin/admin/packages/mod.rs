//! `admin package`: packages, and what the log knows of them.

use std::path::PathBuf;

use clap::Subcommand;

use crate::output::Output;
use address::PackageAddress;

mod address;
mod history;

#[derive(Subcommand)]
pub(crate) enum PackageCommand {
    /// Show which token published, read, copied or deleted a package, and when
    ///
    /// Without `--log`, print the query that shows it in the log of a deployed stack.
    History {
        /// The package's organization, registry and id
        #[arg(value_name = "ORGANIZATION/REGISTRY/ID")]
        package: PackageAddress,
        /// A file of the log's lines, - for the standard input
        #[arg(long = "log", value_name = "FILE")]
        logs: Vec<PathBuf>,
    },
}

pub(crate) fn packages(command: PackageCommand) -> Result<Output, lambda_http::Error> {
    match command {
        PackageCommand::History { package, logs } => Ok(history::history(&package, &logs)?),
    }
}
