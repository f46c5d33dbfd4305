//! The ground of all doors: a call, its query, and the answers that are the same in every protocol.

mod answers;
mod call;
mod query;

pub(crate) use answers::{
    REPR_DIGEST, add_error_headers, empty, file_headers, json, message, redirect, repr_digest, shown, status,
};
pub(crate) use call::Call;
pub(crate) use query::Query;
