//! `cargo run`: the Packages API with everything embedded.

use std::process::ExitCode;

use clap::Parser;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator;
mod command;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    allocator::settle();
    run()
}

#[tokio::main]
async fn run() -> ExitCode {
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
