//! `admin registry policy`: the OIDC policy of a registry, shown or set.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use packages_api::RegistryAddress;
use packages_api::oidc::policy::MAX_POLICY_BYTES;
use packages_api::records::operator_deadline;
use packages_api::registries::{self, Change, Changes};
use serde_json::json;

use crate::Stack;
use crate::output::Output;

/// Arguments of the command.
#[derive(Args)]
pub(crate) struct PolicyArguments {
    /// The organization's slug and its own
    #[arg(value_name = "ORGANIZATION/REGISTRY")]
    registry: RegistryAddress,
    /// A file with the new policy, as YAML or JSON; - for the standard input. Without it, the policy is shown
    file: Option<PathBuf>,
    /// Remove the policy: no job is let in
    #[arg(long, conflicts_with = "file")]
    clear: bool,
}

/// Shows the policy, or sets it as the API does.
pub(crate) async fn policy(stack: &Stack, arguments: PolicyArguments) -> Result<Output, lambda_http::Error> {
    let records = &stack.records;
    let mut registry = records.registry(&arguments.registry).await?;
    let oidc_policy = match (arguments.clear, &arguments.file) {
        (true, _) => Change::Clear,
        (false, Some(file)) => Change::Set(read(file)?),
        (false, None) => Change::Keep,
    };
    let changes = Changes {
        oidc_policy,
        ..Changes::default()
    };
    let (by, deadline) = (&stack.operator, operator_deadline());
    registry = registries::update(records, registry, &changes, by, deadline).await?;
    let policy = registry.details.oidc_policy;
    let record = json!({ "registry": arguments.registry.to_string(), "oidc_policy": policy });
    Ok(Output::text(policy.unwrap_or_default(), &record))
}

/// Reads a policy, and of a longer file no more than shows that it is too long.
fn read(file: &Path) -> io::Result<String> {
    let bound = MAX_POLICY_BYTES as u64 + 1;
    let mut text = String::new();
    if file == Path::new("-") {
        io::stdin().take(bound).read_to_string(&mut text)?;
    } else {
        File::open(file)?.take(bound).read_to_string(&mut text)?;
    }
    Ok(text)
}
