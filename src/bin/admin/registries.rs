//! `admin registry`: registries, each of one ecosystem.

use clap::Subcommand;
use packages_api::records::operator_deadline;
use packages_api::registries::{self, NewRegistry};
use packages_api::{Ecosystem, RegistryAddress, Reuse, Slug};

use crate::Stack;
use crate::output::Output;
use crate::policy::{PolicyArguments, policy};

#[derive(Subcommand)]
pub(crate) enum RegistryCommand {
    /// Make a registry
    Create {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
        /// Kind of its packages, such as ruby, python, javascript or files
        #[arg(long)]
        ecosystem: Ecosystem,
        /// Its name for people; without it, its slug
        #[arg(long)]
        name: Option<String>,
        /// Its purpose
        #[arg(long)]
        description: Option<String>,
        /// Whether a release may be published again after it was deleted: never, `same_bytes`, or any
        #[arg(long)]
        reuse: Option<Reuse>,
    },
    /// List an organization's registries
    List {
        /// The organization's slug
        organization: Slug,
    },
    /// Show the OIDC policy of a registry, or set it
    Policy(PolicyArguments),
    /// Delete a registry; the sweep removes its packages
    Delete {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
    },
}

pub(crate) async fn registries(
    stack: &Stack,
    command: RegistryCommand,
) -> Result<Output, lambda_http::Error> {
    let (records, by) = (&stack.records, &stack.operator);
    Ok(match command {
        RegistryCommand::Create {
            registry,
            ecosystem,
            name,
            description,
            reuse,
        } => {
            let organization = records.organization(&registry.organization).await?;
            let mut new = NewRegistry::plain(registry.registry, ecosystem);
            new.details.name = name;
            new.details.description = description;
            new.details.reuse = reuse;
            let made = registries::create(records, &organization, new, by, operator_deadline());
            Output::one(&made.await?)
        }
        RegistryCommand::List { organization } => {
            let organization = records.organization(&organization).await?;
            Output::many(
                &["slug", "ecosystem", "id"],
                &registries::list(records, &organization, None).await?,
            )
        }
        RegistryCommand::Policy(arguments) => policy(stack, arguments).await?,
        RegistryCommand::Delete { registry } => {
            let registry = records.registry(&registry).await?;
            registries::delete(records, &registry, by, operator_deadline()).await?;
            Output::one(&registry)
        }
    })
}
