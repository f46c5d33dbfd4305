//! Calls of the Packages API: requests and whole answers.

mod account;
mod addresses;
pub(crate) mod attestations;
mod audit_events;
mod cancellations;
mod copies;
mod distribution;
mod downloads;
mod errors;
mod forms;
mod hostile_packages;
mod lists;
mod oidc;
mod openapi;
mod package_urls;
mod packages;
mod read_only;
mod registries;
mod symbols;
mod tokens;
mod uploads;
