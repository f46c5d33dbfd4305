//! Tokens of a registry: create, list, get, update, delete.

mod create;
mod delete;
mod description;
mod get;
mod list;
mod update;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use get::get;
pub(super) use list::list;
pub(super) use update::update;

use crate::auth::{Access, Requirements};
use crate::error::Result;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;

/// Authorizes the caller for the tokens of a registry. One round trip.
async fn authorize(call: &Call<'_>, path: &RegistryPath, permission: Permission) -> Result<Access> {
    let requirements = Requirements {
        permissions: &[permission],
        ..Requirements::default()
    };
    call.authorize(path, requirements).await
}
