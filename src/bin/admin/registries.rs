//! `admin registry`: registries, each of one ecosystem.

use std::time::Duration;

use clap::Subcommand;
use packages_api::indexes::{self, LeftOut, Report};
use packages_api::packages::Context;
use packages_api::records::operator_deadline;
use packages_api::registries::{self, NewRegistry};
use packages_api::{Ecosystem, RegistryAddress, Reuse, Slug, renderers};
use tokio::time::Instant;

use crate::Stack;
use crate::output::Output;
use crate::policy::{PolicyArguments, policy};

/// Time in which an index must be built.
const PATIENCE: Duration = Duration::from_hours(1);

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
    /// Show the state of a registry's indexes, and the packages that they could not take in
    Check {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
    },
    /// Build the indexes of a registry from all of its packages
    ///
    /// Readers go on with the indexes of before until the new ones are complete.
    Reindex {
        /// The organization's slug and its own
        #[arg(value_name = "ORGANIZATION/REGISTRY")]
        registry: RegistryAddress,
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
        RegistryCommand::Check { registry } => {
            let registry = records.registry(&registry).await?;
            let renderers = renderers(registry.ecosystem);
            let reports = indexes::check(&context(stack), &registry, renderers).await?;
            shown(&reports)
        }
        RegistryCommand::Reindex { registry } => {
            let registry = records.registry(&registry).await?;
            let mut built = Vec::new();
            for renderer in renderers(registry.ecosystem) {
                built.push(indexes::rebuild(&context(stack), &registry, *renderer).await?);
            }
            Output::many(&["index", "members", "left_out"], &built)
        }
        RegistryCommand::Delete { registry } => {
            let registry = records.registry(&registry).await?;
            registries::delete(records, &registry, by, operator_deadline()).await?;
            Output::one(&registry)
        }
    })
}

/// Storage of the commands on indexes, which may take their time.
fn context(stack: &Stack) -> Context {
    Context::new(
        stack.records.clone(),
        stack.files.clone(),
        Instant::now() + PATIENCE,
    )
}

/// The indexes of a registry, and a sentence for each package that is left out.
fn shown(reports: &[Report]) -> Output {
    let columns = &[
        "index",
        "is_built",
        "modified",
        "members",
        "left_out",
        "open_changes",
    ];
    let mut output = Output::many(columns, reports);
    for report in reports {
        for LeftOut { id, name, reason } in &report.packages {
            let index = &report.index;
            output = output.with_note(format!("`{index}` leaves out {name}, package {id}: {reason}"));
        }
    }
    output
}
