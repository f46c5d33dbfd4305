//! The function: configuration → App → the runtime. Nothing else.

use packages_api::{App, function_config, log, runtime};
use tracing::level_filters::LevelFilter;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), lambda_http::Error> {
    log::start(LevelFilter::INFO);
    let (config, sdk) =
        function_config().inspect_err(|error| tracing::error!(%error, "the function cannot start"))?;
    let app = App::new(config, &sdk);
    // Beside the first poll, not before it: a table that does not answer holds nothing up.
    let early = app.clone();
    tokio::spawn(async move { early.warm_up().await });
    runtime::run(app).await
}
