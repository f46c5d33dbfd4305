//! `admin`: organizations, registries, tokens and packages of a deployed stack or a local one.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use packages_api::records::Records;
use packages_api::{Error, command_config, log};
use tracing::level_filters::LevelFilter;

use adoption::{QuarantineCommand, adopt, quarantine};
use organizations::{OrganizationCommand, organizations};
use output::Output;
use packages::{PackageCommand, packages};
use registries::{RegistryCommand, registries};
use tokens::{TokenCommand, tokens};

mod adoption;
mod organizations;
mod output;
mod packages;
mod registries;
mod tokens;

/// Makes, lists and deletes organizations, registries and tokens.
///
/// Works on the table and the bucket that `TABLE_NAME` and `BUCKET_NAME` name, with the usual AWS
/// environment and credentials. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Organizations, the owners of registries and tokens
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Registries, each of one ecosystem
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Tokens, which open an organization's registries
    #[command(subcommand)]
    Token(TokenCommand),
    /// Packages, as the log knows them
    #[command(subcommand)]
    Package(PackageCommand),
    /// Declare that the table and the bucket belong together, after one of them was restored
    ///
    /// Completes half transactions, brings back the files that records ask for, and keeps what no record
    /// asks for. It can be repeated. It wants a registry that only answers reads: `READ_ONLY=1`.
    Adopt {
        /// Change nothing, tell what would be changed
        #[arg(long)]
        dry_run: bool,
    },
    /// Objects without a record that are kept since the table was adopted
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log::start(LevelFilter::ERROR);
    match log::with_steps(run(arguments.command)).await {
        Ok(output) => {
            output.print(arguments.json);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("admin: {error}");
            if let Some(cause) = error.downcast_ref().and_then(Error::cause) {
                eprintln!("admin: cause: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<Output, lambda_http::Error> {
    match command {
        Command::Organization(command) => {
            let (records, bucket) = stack().await?;
            organizations(&records, &bucket, command).await
        }
        Command::Registry(command) => registries(&stack().await?.0, command).await,
        Command::Token(command) => tokens(&stack().await?.0, command).await,
        Command::Package(command) => packages(command),
        Command::Adopt { dry_run } => adopt(dry_run).await,
        Command::Quarantine(command) => quarantine(command).await,
    }
}

/// The table and the bucket's name, as the environment has them.
async fn stack() -> Result<(Records, String), lambda_http::Error> {
    let (config, sdk) = command_config().await?;
    Ok((Records::new(&sdk, config.table), config.bucket))
}
