//! Deeds on tokens: they take and return values, and know nothing of HTTP. The API and `admin` are their doors;
//! each authorizes its caller first.

mod create;
mod delete;

pub use create::create;
pub use delete::delete;
