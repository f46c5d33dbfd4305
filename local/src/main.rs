//! `cargo run`: the Packages API with everything embedded.

use std::process::ExitCode;

use clap::Parser;

mod command;

/// The system's allocator makes threads wait for each other, and jemalloc does not. Its settings are in `.cargo/config.toml`.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    let ended = match command::start_log(arguments.json()) {
        Ok(()) => command::run(arguments).await,
        Err(trouble) => Err(trouble),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}
