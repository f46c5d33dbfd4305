//! Deeds on registries: they take and return values, and know nothing of HTTP. The API and `admin` are
//! their doors; each authorizes its caller first.

mod create;
mod delete;
mod list;
mod properties;
mod update;

pub use create::{NewRegistry, create};
pub use delete::delete;
pub use list::list;
pub use update::{Change, Changes, update};
