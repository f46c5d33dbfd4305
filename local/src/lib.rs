//! The Packages API on one machine: the function's own App over an embedded S3 and DynamoDB.
//!
//! [`Stack`] is what AWS is to the function: two services on loopback ports. [`Server`] is what
//! API Gateway and Lambda are to its clients: HTTP in, events to the function, the same limits.

mod gateway;
mod incoming;
mod serve;
mod server;
mod stack;

pub use server::{Server, ServerOptions, function};
pub use stack::{Stack, StackError, StackOptions};
