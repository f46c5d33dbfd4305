//! `cargo run`: the Packages API with everything embedded.

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};

mod command;

use self::command::{Arguments, Trouble};

/// The system's allocator makes threads wait for each other, and jemalloc does not. Its settings are in `.cargo/config.toml`.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How much nicer the threads that answer requests are than those of the databases.
#[cfg(target_os = "linux")]
const NICER: i32 = 10;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match started(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble}");
            ExitCode::FAILURE
        }
    }
}

fn started(arguments: Arguments) -> Result<(), Trouble> {
    command::start_log(arguments.json())?;
    runtime()?.block_on(command::run(arguments))
}

/// The threads that answer requests and read bodies.
///
/// A database's thread mostly waits for the disk, and whoever publishes waits for it. As nice as those that answer, it would
/// have to wait for a processor too, each time that the disk is done.
fn runtime() -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    // On Linux a thread has a priority of its own, and this one's is that of the databases.
    #[cfg(target_os = "linux")]
    if let Ok(own) = rustix::process::getpriority_process(None) {
        builder.on_thread_start(move || {
            if let Err(error) = rustix::process::setpriority_process(None, own + NICER) {
                tracing::debug!(%error, "a thread stays as nice as those of the databases");
            }
        });
    }
    builder.enable_all().build()
}
