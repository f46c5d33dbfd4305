//! Registries: create, list, get, update, delete.

mod create;
mod delete;
mod fields;
mod get;
mod list;
mod policy_text;
mod update;

pub(super) use create::create;
pub(super) use delete::delete;
pub(super) use get::get;
pub(super) use list::list;
pub(super) use update::update;
