//! The calls of the API's documentation, one file each.

mod account;
mod audit;
mod call;
mod cursor;
mod endpoint;
mod packages;
mod paging;
mod query;
mod registries;
mod service;
mod tokens;
pub(crate) mod views;

pub(crate) use call::Call;
pub(crate) use endpoint::Endpoint;
pub(crate) use query::Query;
