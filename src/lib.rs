//! The Packages API: a private package registry on one function, one bucket and one table.
mod api;
mod app;
mod auth;
mod aws;
mod config;
mod digest;
mod error;
mod files;
mod form;
pub mod formats;
pub mod front_door;
mod id;
pub mod log;
pub mod records;
mod scope;
mod secret;
mod slug;
pub mod sweep;

pub use app::App;
pub use config::{Config, InvalidConfig};
pub use digest::{Digest, Digests};
pub use error::{Error, FieldError, MAX_BODY_BYTES, Result, TOO_LARGE};
pub use files::Files;
pub use id::PackageId;
pub use scope::Scope;
pub use secret::{DEVELOPMENT_TOKEN, InvalidSecret, Secret};
pub use slug::Slug;
