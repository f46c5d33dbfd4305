//! The function: configuration → App → the front door. Nothing else.

use packages_api::{App, Config, front_door, log};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    log::start();
    let config = Config::from_env()?;
    let sdk = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let app = App::new(config, &sdk);
    app.warm_up().await;
    front_door::run(app).await
}
