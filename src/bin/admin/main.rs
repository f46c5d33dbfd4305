//! `admin`: organizations, registries, tokens and packages of a deployed stack or a local one.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use packages_api::records::Records;
use packages_api::{Actor, Error, Files, command_config, log};
use tracing::level_filters::LevelFilter;

use adoption::{QuarantineCommand, adopt, quarantine};
use operator::{operator, parse_name};
use organizations::{OrganizationCommand, organizations};
use output::Output;
use packages::{PackageCommand, packages};
use registries::{RegistryCommand, registries};
use tokens::{TokenCommand, tokens};

mod adoption;
mod operator;
mod organizations;
mod output;
mod packages;
mod policy;
mod registries;
mod tokens;

/// Makes, lists and deletes organizations, registries and tokens, and works on packages.
///
/// Works on the table and the bucket that `TABLE_NAME` and `BUCKET_NAME` name, with the usual AWS
/// environment and credentials. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Your name in the audit of what you change; without it, the user of this machine
    #[arg(long = "as", value_name = "NAME", global = true, value_parser = parse_name)]
    // Commands have arguments named `name`, which a global one of that name would be taken for.
    operator_name: Option<String>,
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
    /// Packages: publish, list, get, copy, delete, and their history
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
    match log::with_steps(Box::pin(run(arguments.command, arguments.operator_name))).await {
        Ok(output) => output.print(arguments.json),
        Err(error) => {
            eprintln!("admin: {error}");
            if let Some(cause) = error.downcast_ref().and_then(Error::cause) {
                eprintln!("admin: cause: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, name: Option<String>) -> Result<Output, lambda_http::Error> {
    match command {
        Command::Organization(command) => organizations(&Stack::of(name).await?, command).await,
        Command::Registry(command) => registries(&Stack::of(name).await?, command).await,
        Command::Token(command) => tokens(&Stack::of(name).await?, command).await,
        Command::Package(command) => packages(command, name).await,
        Command::Adopt { dry_run } => adopt(dry_run).await,
        Command::Quarantine(command) => quarantine(command).await,
    }
}

/// The table and the bucket, as the environment has them, and who works on them.
struct Stack {
    records: Records,
    files: Files,
    /// Whether packages are not to be changed.
    read_only: bool,
    operator: Actor,
}

impl Stack {
    async fn of(name: Option<String>) -> Result<Self, lambda_http::Error> {
        let (config, sdk) = command_config().await?;
        Ok(Self {
            records: Records::new(&sdk, config.table),
            files: Files::new(&sdk, config.bucket),
            read_only: config.read_only,
            operator: operator(name, &sdk).await,
        })
    }
}
