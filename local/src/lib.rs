//! The Packages API on one machine: the function's own App over an embedded S3 and DynamoDB.
//!
//! [`Stack`] is what AWS is to the function: two services on loopback ports. [`Server`] is what
//! API Gateway and Lambda are to its clients: HTTP in, events to the function, the same limits.
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! use packages_api_local::{Server, ServerOptions, Stack, StackOptions};
//!
//! let stack = Stack::start(StackOptions::default()).await?;
//! let server = Server::over(&stack, ServerOptions::default()).await?;
//! println!("{}", server.base_url());
//! # Ok(())
//! # }
//! ```

mod disk;
mod gateway;
mod incoming;
mod public_url;
mod refusal;
mod serve;
mod server;
mod stack;

pub use gateway::FrontDoor;
pub use public_url::{InvalidPublicUrl, PublicUrl};
pub use server::{Server, ServerOptions, function};
pub use stack::{Stack, StackError, StackOptions};
