//! `admin registry`: registries, each of one ecosystem.

use clap::Subcommand;
use packages_api::{Ecosystem, RegistryAddress, Slug};

use crate::Stack;
use crate::output::Output;

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

pub(crate) async fn registries(
    stack: &Stack,
    command: RegistryCommand,
) -> Result<Output, lambda_http::Error> {
    let (records, by) = (&stack.records, &stack.operator);
    Ok(match command {
        RegistryCommand::Create { registry, ecosystem } => {
            let organization = records.organization(&registry.organization).await?;
            Output::one(
                &records
                    .create_registry(&organization, &registry.registry, ecosystem, by)
                    .await?,
            )
        }
        RegistryCommand::List { organization } => {
            let organization = records.organization(&organization).await?;
            Output::many(
                &["slug", "ecosystem", "id"],
                &packages_api::registries::list(records, &organization, None).await?,
            )
        }
        RegistryCommand::Delete { registry } => {
            let registry = records.registry(&registry).await?;
            records.delete_registry(&registry, by).await?;
            Output::one(&registry)
        }
    })
}
