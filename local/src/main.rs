//! `cargo run`: the Packages API with everything embedded.

use std::process::ExitCode;

use clap::Parser;

mod command;

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
