//! Deeds on registries: they take and return values, and know nothing of HTTP. The API and `admin` are
//! their doors; each authorizes its caller first.

mod list;

pub use list::list;
