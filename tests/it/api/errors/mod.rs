//! The table of errors, row by row, and the order in which they are decided.

mod access;
mod input;
mod paths;

/// The id of no package.
const UNKNOWN_ID: &str = "0191e23a-4bc8-7683-bfa4-5f73bc9b7c44";
