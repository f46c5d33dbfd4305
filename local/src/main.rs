//! `cargo run`: the Packages API with everything embedded.

use std::process::ExitCode;

use clap::Parser;

mod command;

/// Allocator that serves many threads at once: a third more answers a second than the system's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
