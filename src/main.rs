//! The function: configuration → the runtime, which makes the App. Nothing else.

use packages_api::{function_config, log, runtime};
use tracing::level_filters::LevelFilter;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), lambda_http::Error> {
    log::start(LevelFilter::INFO);
    let (config, sdk) =
        function_config().inspect_err(|error| tracing::error!(%error, "the function cannot start"))?;
    runtime::run(config, sdk).await
}
