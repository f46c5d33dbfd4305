//! Deeds on tokens: they take and return values, and know nothing of HTTP. The API and `admin` are their doors;
//! each authorizes its caller first.

mod create;
mod delete;
mod registry_tokens;

pub use create::create;
pub use delete::delete;
pub(crate) use registry_tokens::{create_registry_token, describe, registry_token, registry_tokens};
