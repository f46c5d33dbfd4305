//! `admin package`: the deeds on packages, and what the log knows of them.

use std::path::PathBuf;

use clap::Subcommand;
use packages_api::{PackageId, RegistryAddress, packages};

use crate::Stack;
use crate::output::Output;
use address::PackageAddress;
use open::Opened;

mod address;
mod history;
mod list;
mod open;
mod progress;
mod publish;
mod shown;

#[derive(Subcommand)]
pub(crate) enum PackageCommand {
    /// Publish files of up to 5 GiB, straight to the bucket
    ///
    /// Each file is a package of its own. Publishing the same bytes again answers the first package. A file that
    /// fails does not keep the others from being published; the command then exits with 1.
    Publish {
        /// The organization's slug and the registry's
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
        /// The files
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Files that are published at the same time, 1 to 16
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
        jobs: u8,
    },
    /// List a registry's packages, newest first
    List {
        /// The organization's slug and the registry's
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
        /// Packages of this name alone
        #[arg(long)]
        name: Option<String>,
        /// Most packages that are listed, 1 to 100000
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Begin after this package, with those that are older
        #[arg(long, value_name = "ID", value_parser = address::package_id)]
        after: Option<PackageId>,
    },
    /// Show a package
    Get {
        /// The package's organization, registry and id
        #[arg(value_name = "ORGANIZATION/REGISTRY/ID")]
        package: PackageAddress,
    },
    /// Copy a package to another registry of the same ecosystem, which may be one of another organization
    Copy {
        /// The package's organization, registry and id
        #[arg(value_name = "ORGANIZATION/REGISTRY/ID")]
        package: PackageAddress,
        /// The registry to copy to
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        to: RegistryAddress,
    },
    /// Delete a package; its version may then be published again
    Delete {
        /// The package's organization, registry and id
        #[arg(value_name = "ORGANIZATION/REGISTRY/ID")]
        package: PackageAddress,
    },
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

pub(crate) async fn packages(
    command: PackageCommand,
    name: Option<String>,
) -> Result<Output, lambda_http::Error> {
    let stack = || Stack::of(name);
    Ok(match command {
        PackageCommand::Publish {
            registry,
            files,
            jobs,
        } => {
            let opened = Opened::to_change(stack().await?, &registry).await?;
            publish::publish(&opened, &files, jobs.into()).await
        }
        PackageCommand::List {
            registry,
            name,
            limit,
            after,
        } => {
            let opened = Opened::to_read(stack().await?, &registry).await?;
            list::list(&opened, name.as_deref(), limit, after).await?
        }
        PackageCommand::Get { package } => get(stack().await?, &package).await?,
        PackageCommand::Copy { package, to } => copy(stack().await?, &package, &to).await?,
        PackageCommand::Delete { package } => delete(stack().await?, &package).await?,
        PackageCommand::History { package, logs } => history::history(&package, &logs)?,
    })
}

async fn get(
    stack: Stack,
    PackageAddress { registry, id }: &PackageAddress,
) -> Result<Output, lambda_http::Error> {
    let opened = Opened::to_read(stack, registry).await?;
    let (context, registry) = (opened.context(), &opened.registry);
    let package = packages::find(&context, registry, *id).await?;
    let metadata = packages::Metadata::read(&context, registry, &package).await?;
    Ok(shown::package(registry, &package, metadata))
}

async fn copy(
    stack: Stack,
    PackageAddress { registry, id }: &PackageAddress,
    to: &RegistryAddress,
) -> Result<Output, lambda_http::Error> {
    let opened = Opened::to_change(stack, registry).await?;
    let (context, to) = (opened.context(), opened.another(to).await?);
    let source = packages::find(&context, &opened.registry, *id).await?;
    let copy = packages::copy(&context, &opened.registry, &source, &to, opened.operator()).await?;
    Ok(shown::package(&to, &copy.package, copy.metadata))
}

async fn delete(
    stack: Stack,
    PackageAddress { registry, id }: &PackageAddress,
) -> Result<Output, lambda_http::Error> {
    let opened = Opened::to_change(stack, registry).await?;
    let (context, registry) = (opened.context(), &opened.registry);
    let package = packages::find(&context, registry, *id).await?;
    packages::delete(&context, registry, &package, opened.operator()).await?;
    Ok(shown::summary(registry, &package))
}
