//! The caller's account: token, user and organizations.

mod access_token;
mod organization;
mod organizations;
mod user;

pub(super) use access_token::{end_token, get_token};
pub(super) use organization::organization;
pub(super) use organizations::organizations;
pub(super) use user::user;
