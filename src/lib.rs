//! The Packages API: a private package registry on one function, one bucket and one table.
//!
//! ```text
//! API Gateway, sam, cargo lambda ─► runtime ─┐
//!                                            ├─► app ─► route ─► api ─► auth ─► packages ─► formats · records · files
//! cargo run ─► local ────────────────────────┘
//! ```
//!
//! [`App`] answers one request. [`runtime`] hands it the events of a Lambda function, the workspace's
//! `local` member those of a listener, with S3 and DynamoDB embedded. A call of `api` is a door: `auth`
//! reads the token and everything else that the request names at once, a deed of [`packages`] does the
//! work, through [`formats`] (bytes → manifest), [`records`] (DynamoDB) and [`Files`] (S3), and
//! `api::views` writes the answer. `docs/ARCHITECTURE.md` says why.

mod actor;
mod address;
pub mod adoption;
mod api;
mod app;
mod audit;
mod auth;
mod aws;
mod cancellation;
mod config;
mod credentials;
mod digest;
mod ecosystem;
mod error;
mod filename;
mod files;
mod form;
pub mod formats;
mod front_door;
mod http;
mod id;
pub mod indexes;
mod json;
mod json_value;
pub mod log;
mod native;
pub mod oidc;
mod overtime;
pub mod packages;
mod path;
mod permission;
pub mod records;
pub mod registries;
mod release;
mod retry;
mod route;
pub mod runtime;
mod scope;
mod secret;
mod slug;
mod steps;
pub mod sweep;
pub mod time;
pub mod tokens;
mod urls;

pub use actor::Actor;
pub use address::{InvalidAddress, RegistryAddress};
pub use app::App;
pub use cancellation::Cancellation;
pub use config::{Config, InvalidConfig, OidcConfig, Transfer, command_config, function_config};
pub use digest::{Digest, Digests};
pub use ecosystem::Ecosystem;
pub use error::{Error, FieldError, MAX_BODY_BYTES, MAX_EVENT_BYTES, NOTHING_HERE, Result, TOO_LARGE};
pub use files::Files;
pub use front_door::Resource;
pub use id::PackageId;
pub use native::renderers;
pub use release::{Release, Reuse};
pub use scope::Scope;
pub use secret::{DEVELOPMENT_TOKEN, InvalidSecret, Secret};
pub use slug::{Slug, is_reserved};
