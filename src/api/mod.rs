//! The calls of the API's documentation, one file each.

mod account;
mod audit;
mod cursor;
mod endpoint;
mod packages;
mod paging;
mod registries;
mod service;
mod tokens;
pub(crate) mod views;

pub(crate) use endpoint::Endpoint;
