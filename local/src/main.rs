//! `cargo run`: the Packages API with everything embedded.

use std::process::ExitCode;

use clap::Parser;

mod command;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = command::Arguments::parse();
    command::start_log(arguments.json());
    match command::run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}
