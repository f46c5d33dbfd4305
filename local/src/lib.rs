//! The Packages API on one machine: the function's own App over an embedded S3 and DynamoDB.
//!
//! [`Stack`] is what AWS is to the function: two services on loopback ports.

mod serve;
mod stack;

pub use stack::{Stack, StackError, StackOptions, sdk_config};
