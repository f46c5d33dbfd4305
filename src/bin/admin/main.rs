//! `admin`: organizations, registries, tokens and packages of a deployed stack or a local one.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use packages_api::records::{NewToken, Records};
use packages_api::time::epoch_seconds;
use packages_api::{Ecosystem, Error, RegistryAddress, Scope, Secret, Slug, command_config, log};
use serde_json::json;
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

use adoption::{QuarantineCommand, adopt, quarantine};
use history::{PackageAddress, history};
use output::Output;

mod adoption;
mod history;
mod output;

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

#[derive(Subcommand)]
enum OrganizationCommand {
    /// Make an organization
    Create {
        /// Its slug: a-z, 0-9, - and _
        organization: Slug,
    },
    /// List all organizations
    List,
    /// Delete an organization that has no registries, and its tokens
    Delete {
        /// Its slug
        organization: Slug,
    },
}

#[derive(Subcommand)]
enum RegistryCommand {
    /// Make a registry
    Create {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
        /// Kind of its packages, such as ruby, python, javascript or files
        #[arg(long)]
        ecosystem: Ecosystem,
    },
    /// List an organization's registries
    List {
        /// The organization's slug
        organization: Slug,
    },
    /// Delete a registry; the sweep removes its packages
    Delete {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
    },
}

#[derive(Subcommand)]
enum TokenCommand {
    /// Make a token and print its secret, this once
    Create {
        /// The organization's slug
        organization: Slug,
        /// Its permissions: one or more scopes
        #[arg(long = "scope", required = true, num_args = 1..)]
        scopes: Vec<Scope>,
        /// The one registry that it is for
        #[arg(long)]
        registry: Option<Slug>,
        /// How long it lives, such as 90d or 12h; without it, until it is deleted
        #[arg(long, value_parser = lifetime)]
        expires: Option<Duration>,
        /// Its purpose
        #[arg(long)]
        description: Option<String>,
    },
    /// List an organization's tokens
    List {
        /// The organization's slug
        organization: Slug,
    },
    /// Delete a token by its id
    Delete {
        /// The organization's slug
        organization: Slug,
        /// The token's id, as `token list` shows it
        id: Uuid,
    },
}

#[derive(Subcommand)]
enum PackageCommand {
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
        Command::Package(PackageCommand::History { package, logs }) => Ok(history(&package, &logs)?),
        Command::Adopt { dry_run } => adopt(dry_run).await,
        Command::Quarantine(command) => quarantine(command).await,
    }
}

/// The table and the bucket's name, as the environment has them.
async fn stack() -> Result<(Records, String), lambda_http::Error> {
    let (config, sdk) = command_config().await?;
    Ok((Records::new(&sdk, config.table), config.bucket))
}

async fn organizations(
    records: &Records,
    bucket: &str,
    command: OrganizationCommand,
) -> Result<Output, lambda_http::Error> {
    Ok(match command {
        OrganizationCommand::Create { organization } => {
            let organization = records.create_organization(&organization).await?;
            // The first organization makes the table that of this bucket: see `packages_api::sweep`.
            if records.marker().await?.is_none() {
                records.mark(bucket).await?;
            }
            Output::one(&organization)
        }
        OrganizationCommand::List => {
            Output::many(&["slug", "id", "registries"], &records.organizations().await?)
        }
        OrganizationCommand::Delete { organization } => {
            Output::one(&records.delete_organization(&organization).await?)
        }
    })
}

async fn registries(records: &Records, command: RegistryCommand) -> Result<Output, lambda_http::Error> {
    Ok(match command {
        RegistryCommand::Create { registry, ecosystem } => {
            let organization = records.organization(&registry.organization).await?;
            Output::one(
                &records
                    .create_registry(&organization, &registry.registry, ecosystem)
                    .await?,
            )
        }
        RegistryCommand::List { organization } => {
            let organization = records.organization(&organization).await?;
            Output::many(
                &["slug", "ecosystem", "id"],
                &records.registries(&organization).await?,
            )
        }
        RegistryCommand::Delete { registry } => {
            let registry = records.registry(&registry).await?;
            records.delete_registry(&registry).await?;
            Output::one(&registry)
        }
    })
}

async fn tokens(records: &Records, command: TokenCommand) -> Result<Output, lambda_http::Error> {
    Ok(match command {
        TokenCommand::Create {
            organization,
            scopes,
            registry,
            expires,
            description,
        } => {
            let organization = records.organization(&organization).await?;
            let registry = match registry {
                Some(slug) => {
                    let address = RegistryAddress {
                        organization: organization.slug.clone(),
                        registry: slug,
                    };
                    let registry = records.registry(&address).await?;
                    Some((registry.id, address.registry))
                }
                None => None,
            };
            let secret = Secret::generate()?;
            let new = NewToken {
                scopes,
                registry,
                expires_at: expires.map(|lifetime| epoch_seconds(SystemTime::now() + lifetime)),
                description,
            };
            let token = records.create_token(&organization, &secret, new).await?;
            Output::one(&output::token(&token)).with("token", json!(secret.expose()))
        }
        TokenCommand::List { organization } => {
            let organization = records.organization(&organization).await?;
            let tokens = records.tokens(&organization).await?;
            let tokens: Vec<_> = tokens.iter().map(output::token).collect();
            Output::many(
                &["id", "scopes", "registry", "expires_at", "description"],
                &tokens,
            )
        }
        TokenCommand::Delete { organization, id } => {
            let organization = records.organization(&organization).await?;
            Output::one(&output::token(&records.delete_token(&organization, id).await?))
        }
    })
}

fn lifetime(text: &str) -> Result<Duration, String> {
    const MOST: Duration = Duration::from_hours(100 * 366 * 24);
    let lifetime = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let sensible = lifetime > Duration::ZERO && lifetime <= MOST;
    sensible
        .then_some(lifetime)
        .ok_or_else(|| "expected more than nothing and at most 100 years".to_owned())
}
