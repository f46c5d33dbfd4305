//! The sweep: a function on a schedule where the Lambda runtime is, a command elsewhere.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use lambda_http::lambda_runtime::{self, Diagnostic, LambdaEvent};
use lambda_http::{Error, service_fn};
use packages_api::records::Records;
use packages_api::sweep::{MAX_ORPHANS, Report, Sweep};
use packages_api::time::sandbox_time_left;
use packages_api::{Files, command_config, log, renderers};
use serde::de::IgnoredAny;
use tokio::time::Instant;
use tracing::level_filters::LevelFilter;

/// Removes files without a record and what deleted registries leave behind, and reports records without
/// their file.
///
/// Works on the table and the bucket that `TABLE_NAME` and `BUCKET_NAME` name, with the usual AWS
/// environment and credentials. Exit codes: 0 done, 1 stopped or failed, 2 wrong usage.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Remove nothing, tell what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Files without a record that may be removed at once, however large a part of all files they are
    #[arg(long, value_name = "COUNT", default_value_t = MAX_ORPHANS)]
    orphans: usize,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        log::start(LevelFilter::INFO);
        let sweep = sweep(false).await?;
        lambda_runtime::run(service_fn(|event| on_schedule(&sweep, event))).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::parse();
    log::start(LevelFilter::ERROR);
    let report = match log::with_steps(run(&arguments)).await {
        Ok(report) => report,
        Err(error) => {
            eprintln!("sweep: {error}");
            if let Some(cause) = cause(&error) {
                eprintln!("sweep: cause: {cause}");
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(if report.stopped.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

async fn sweep(dry_run: bool) -> Result<Sweep, Error> {
    let (config, sdk) = command_config().await?;
    let (records, files) = (Records::new(&sdk, config.table), Files::new(&sdk, config.bucket));
    Ok(Sweep::new(records, files, renderers).dry_run(dry_run))
}

async fn run(arguments: &Arguments) -> Result<Report, Error> {
    let sweep = sweep(arguments.dry_run).await?;
    Ok(sweep.allowing(arguments.orphans).run().await?)
}

/// A run that failed, as Lambda's console and log show it.
#[derive(Debug)]
enum Failure {
    /// The table or the bucket failed.
    Storage(packages_api::Error),
    /// The sweep found a reason to remove nothing more.
    Stopped(String),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let (error_type, error_message) = match failure {
            Failure::Storage(error) => ("StorageFailed", error.to_string()),
            Failure::Stopped(reason) => ("SweepStopped", reason),
        };
        Self {
            error_type: error_type.to_owned(),
            error_message,
        }
    }
}

/// One scheduled run. A sweep that stopped is a failed invocation, which the alarm counts; one that goes on tomorrow is
/// none.
async fn on_schedule(sweep: &Sweep, event: LambdaEvent<IgnoredAny>) -> Result<Report, Failure> {
    const MARGIN: Duration = Duration::from_secs(10);
    let left = sandbox_time_left(event.context.deadline).saturating_sub(MARGIN);
    let swept = log::with_steps(sweep.clone().until(Instant::now() + left).run()).await;
    let report = swept
        .inspect_err(|error| tracing::error!(%error, cause = error.cause(), "the sweep failed"))
        .map_err(Failure::Storage)?;
    tracing::info!(
        records_without_file = report.records_without_file,
        records_without_metadata = report.records_without_metadata,
        records_without_attestations = report.records_without_attestations,
        report = serde_json::to_string(&report).ok(),
        "swept"
    );
    match report.stopped {
        Some(reason) => Err(Failure::Stopped(reason)),
        None => Ok(report),
    }
}

/// Cause of an error of ours.
fn cause(error: &Error) -> Option<&str> {
    error.downcast_ref().and_then(packages_api::Error::cause)
}

fn print(report: &Report) {
    let done = if report.dry_run {
        "would be removed"
    } else {
        "removed"
    };
    println!(
        "{} objects seen, {} of them without a record",
        report.objects, report.orphans
    );
    println!(
        "{} packages seen, {} of them without their file, {} without their metadata, {} without their attestations",
        report.records,
        report.records_without_file,
        report.records_without_metadata,
        report.records_without_attestations
    );
    println!("{} deleted registries remembered", report.gone_registries);
    println!(
        "{} objects ({} bytes) and {} records {done}",
        report.removed_objects, report.removed_bytes, report.removed_records
    );
    if report.quarantined > 0 {
        println!(
            "{} objects without a record kept since the table was adopted: see `admin quarantine list`",
            report.quarantined
        );
    }
    for package in &report.missing {
        println!("missing: {package}");
    }
    if report.continues {
        println!("the time was up: the next run goes on");
    }
    if report.foreign_objects > 0 {
        println!("{} objects with foreign keys left alone", report.foreign_objects);
    }
    if let Some(reason) = &report.stopped {
        println!("stopped: {reason}");
    }
}
