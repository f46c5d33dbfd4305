//! The operator: who runs the command, for the audit.

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use packages_api::Actor;

/// Longest name, in characters.
const MAX_NAME_CHARACTERS: usize = 100;

/// Whoever runs the command: by the given name, or the user of this machine, and by the AWS access key.
///
/// A name is what the operator says, and nothing proves it. The access key is what AWS lets in, and what `CloudTrail`
/// knows the owner of: a user, or a session of a role.
pub(crate) async fn operator(name: Option<String>, sdk: &SdkConfig) -> Actor {
    let user = || ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(user_of);
    Actor::Operator {
        name: name.or_else(user).unwrap_or_else(|| "unknown".to_owned()),
        access_key_id: access_key_id(sdk).await,
    }
}

/// The name of the machine's user, if this variable has it.
fn user_of(variable: &str) -> Option<String> {
    let user = std::env::var(variable).ok()?;
    parse_name(&user).ok()
}

/// The id of the access key that signs the command's calls. A command without credentials ends at its first call.
async fn access_key_id(sdk: &SdkConfig) -> Option<String> {
    let credentials = sdk.credentials_provider()?.provide_credentials().await.ok()?;
    Some(credentials.access_key_id().to_owned())
}

/// A name that can be shown in a line.
pub(crate) fn parse_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    let fits = (1..=MAX_NAME_CHARACTERS).contains(&name.chars().count());
    if fits && !name.contains(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "expected 1 to {MAX_NAME_CHARACTERS} characters, and none that controls a terminal"
        ))
    }
}
