//! The least function that answers at all, as `cargo lambda new --http` lays it out: what the real
//! one's start is measured against.

use std::convert::Infallible;

use lambda_http::{Error, Request, service_fn, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    lambda_http::run(service_fn(|_: Request| async { Ok::<_, Infallible>("alive") })).await
}
