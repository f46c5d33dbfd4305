//! `admin organization`: the owners of registries and tokens.

use clap::Subcommand;
use packages_api::{Slug, is_reserved};

use crate::Stack;
use crate::output::Output;

#[derive(Subcommand)]
pub(crate) enum OrganizationCommand {
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

pub(crate) async fn organizations(
    stack: &Stack,
    command: OrganizationCommand,
) -> Result<Output, lambda_http::Error> {
    let (records, by) = (&stack.records, &stack.operator);
    Ok(match command {
        OrganizationCommand::Create { organization } => {
            if is_reserved(organization.as_str()) {
                return Err(format!(
                    "`{organization}` is reserved: addresses that begin with /{organization} are not of an organization, \
                     so no package manager would reach it. Choose another slug."
                )
                .into());
            }
            let organization = records.create_organization(&organization, by).await?;
            // The first organization makes the table that of this bucket: see `packages_api::sweep`.
            if records.marker().await?.is_none() {
                records.mark(stack.files.bucket()).await?;
            }
            Output::one(&organization)
        }
        OrganizationCommand::List => {
            Output::many(&["slug", "id", "registries"], &records.organizations().await?)
        }
        OrganizationCommand::Delete { organization } => {
            Output::one(&records.delete_organization(&organization, by).await?)
        }
    })
}
