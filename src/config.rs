//! Configuration of a deployment, from the environment: the one place that reads it.

use std::sync::LazyLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient, http_client_fn};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use tracing::level_filters::LevelFilter;

use crate::error::{MAX_EVENT_BYTES, chain};
use environment::Environment;

mod environment;
mod oidc;

pub use environment::InvalidConfig;
pub use oidc::OidcConfig;

/// How long one call may take by default: below the 29 seconds after which API Gateway gives up.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(25);

/// How long a call that moves a large file may take by default where answers are streamed: below the 5 minutes
/// after which API Gateway gives up.
const STREAMED_LONG_REQUEST_TIMEOUT: Duration = Duration::from_secs(290);

/// The configuration of a deployment. The AWS SDK reads its own part (region, credentials,
/// endpoints) from the usual `AWS_…` variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table of the records.
    pub table: String,
    /// `BUCKET_NAME`: the S3 bucket of the files.
    pub bucket: String,
    /// `API_BASE_URL`: what stands before `/v2` in the API's own addresses. Where it is not set,
    /// every request's context says it.
    pub api_base_url: Option<String>,
    /// `WEB_BASE_URL`: what stands before `/organizations` in addresses for people; without it,
    /// the API's base.
    pub web_base_url: Option<String>,
    /// `FILES_BASE_URL`: the address of a distribution that stands before the bucket, for downloads and uploads;
    /// without it, clients are sent to the bucket itself.
    pub files_base_url: Option<String>,
    /// `REQUEST_TIMEOUT_SECONDS`: after this long a call ends in our own 503.
    pub request_timeout: Duration,
    /// `LONG_REQUEST_TIMEOUT_SECONDS`: after this long a call that moves a large file is answered our own 503,
    /// and its work goes on. Without it, 290 seconds where answers are streamed, else no such bound.
    pub long_request_timeout: Option<Duration>,
    /// `RESPONSE_TRANSFER`: how answers travel to the front door, which no event tells.
    pub transfer: Transfer,
    /// `READ_ONLY`: `1` where every call that would change something ends in a 503, as during a restore.
    pub read_only: bool,
    /// `OIDC_…`: the tokens of jobs that are accepted. None is without `API_BASE_URL`, which they name.
    pub oidc: OidcConfig,
}

/// How the function's answers travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Transfer {
    /// Whole, as JSON of at most 6 MB: what every front door takes. A REST API waits 29 seconds for it.
    #[default]
    Buffered,
    /// As a stream: status and headers as JSON, eight NULs, then the body. A REST API whose integration
    /// streams waits 5 minutes for its first byte.
    Streamed,
}

impl Config {
    /// A configuration for this table and bucket, all else as by default.
    #[must_use]
    pub fn new(table: impl Into<String>, bucket: impl Into<String>) -> Self {
        Self {
            table: table.into(),
            bucket: bucket.into(),
            api_base_url: None,
            web_base_url: None,
            files_base_url: None,
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
            long_request_timeout: None,
            transfer: Transfer::default(),
            read_only: false,
            oidc: OidcConfig::default(),
        }
    }

    /// The path of `API_BASE_URL`, which stands in front of every path; empty where it has none.
    pub(crate) fn base_path(&self) -> &str {
        let rest = self.api_base_url.as_deref().and_then(|url| url.split_once("://"));
        let host_and_path = rest.map_or("", |(_, rest)| rest);
        host_and_path
            .find('/')
            .map_or("", |start| &host_and_path[start..])
    }

    /// How long a call that moves a large file may take before it is answered and its work goes on; `None` where it
    /// has all the time of its sandbox.
    pub(crate) fn long_request_timeout(&self) -> Option<Duration> {
        let by_transfer = match self.transfer {
            Transfer::Buffered => None,
            Transfer::Streamed => Some(STREAMED_LONG_REQUEST_TIMEOUT),
        };
        self.long_request_timeout.or(by_transfer)
    }

    /// Bytes that the front door carries of an answer's body; none where answers are streamed.
    pub(crate) fn max_answer_bytes(&self) -> Option<usize> {
        match self.transfer {
            // The rest of the event is for the headers.
            Transfer::Buffered => Some(MAX_EVENT_BYTES - 64 * 1024),
            Transfer::Streamed => None,
        }
    }

    fn read(environment: &mut Environment<impl Fn(&str) -> Option<String>>) -> Self {
        // The log has begun by now, with what it could make of it.
        environment.log_level();
        let request_timeout = environment.seconds("REQUEST_TIMEOUT_SECONDS");
        let request_timeout = request_timeout.unwrap_or(DEFAULT_REQUEST_TIMEOUT);
        Self {
            table: environment.required("TABLE_NAME"),
            bucket: environment.required("BUCKET_NAME"),
            api_base_url: environment.base_url("API_BASE_URL"),
            web_base_url: environment.base_url("WEB_BASE_URL"),
            files_base_url: environment.origin("FILES_BASE_URL"),
            request_timeout,
            long_request_timeout: environment.seconds_from("LONG_REQUEST_TIMEOUT_SECONDS", request_timeout),
            transfer: environment.transfer("RESPONSE_TRANSFER"),
            read_only: environment.switch("READ_ONLY"),
            oidc: OidcConfig::read(environment),
        }
    }
}

/// The level of the log that `LOG_LEVEL` names, if it is set.
///
/// # Errors
/// Where it is not a level.
pub(crate) fn log_level() -> Result<Option<LevelFilter>, InvalidConfig> {
    let mut environment = Environment::of_process();
    let level = environment.log_level();
    environment.unless_mistaken(level)
}

/// Configuration of a function: its own, and the SDK's from the variables that Lambda sets there
/// (region, credentials, and endpoints where others than AWS's own are to answer).
///
/// The SDK's own search through profiles, single sign-on and metadata services would find the same,
/// and be a fifth of the function.
///
/// # Errors
/// Every mistake at once, each by the variable's name.
pub fn function_config() -> Result<(Config, SdkConfig), InvalidConfig> {
    let mut environment = Environment::of_process();
    let config = Config::read(&mut environment);
    let region = Region::new(environment.required("AWS_REGION"));
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(SharedCredentialsProvider::new(
            EnvironmentVariableCredentialsProvider::new(),
        ))
        .service_config(Endpoints)
        .http_client(https_on_first_use())
        .build();
    environment.unless_mistaken((config, sdk))
}

/// Configuration of a command: its own, and the SDK's as every AWS tool finds it (variables,
/// profiles, single sign-on, the machine's own role).
///
/// # Errors
/// Every mistake at once, with what to set.
pub async fn command_config() -> Result<(Config, SdkConfig), InvalidConfig> {
    let mut environment = Environment::of_process();
    let config = Config::read(&mut environment);
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    if sdk.region().is_none() {
        environment.mistake("no AWS region is set: set AWS_REGION, or `region` in the profile");
    }
    if let Some(mistake) = lacking_credentials(&sdk).await {
        environment.mistake(mistake);
    }
    environment.unless_mistaken((config, sdk))
}

/// Why there are no credentials, where there are none.
async fn lacking_credentials(sdk: &SdkConfig) -> Option<String> {
    match sdk.credentials_provider()?.provide_credentials().await {
        Ok(_) => None,
        Err(CredentialsError::CredentialsNotLoaded(_)) => Some(
            "no AWS credentials are set: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`"
                .to_owned(),
        ),
        Err(error) => Some(format!("the AWS credentials cannot be had: {}", chain(&error))),
    }
}

/// The SDK's own HTTPS client, one for both services, made when it is first used: it reads all of the
/// system's certificates, which the first poll need not wait for.
fn https_on_first_use() -> SharedHttpClient {
    let https = LazyLock::new(|| {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        HttpClientBuilder::new().tls_provider(tls).build_https()
    });
    http_client_fn(move |settings, components| https.http_connector(settings, components))
}

/// `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL` for both.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let own = std::env::var(format!("{}_{service}", key.env())).ok();
        own.or_else(|| std::env::var(key.env()).ok())
            .filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, InvalidConfig> {
        let mut environment = Environment::new(|name: &str| {
            let pair = pairs.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        });
        let config = Config::read(&mut environment);
        environment.unless_mistaken(config)
    }

    #[test]
    fn reads_what_is_set_and_defaults_the_rest() {
        let least = read(&[("TABLE_NAME", "t"), ("BUCKET_NAME", "b"), ("API_BASE_URL", "")]);
        assert_eq!(least, Ok(Config::new("t", "b")));
        let all = read(&[
            ("TABLE_NAME", "t"),
            ("BUCKET_NAME", "b"),
            ("API_BASE_URL", "https://packages.example.com/base/"),
            ("WEB_BASE_URL", "http://127.0.0.1:8080"),
            ("FILES_BASE_URL", "https://files.example.com/"),
            ("REQUEST_TIMEOUT_SECONDS", "7"),
            ("LONG_REQUEST_TIMEOUT_SECONDS", "70"),
            ("RESPONSE_TRANSFER", "streamed"),
            ("READ_ONLY", "1"),
            ("OIDC_MAX_TOKEN_LIFETIME", "3600"),
            ("OIDC_PUBLIC_AUDIENCE", "1"),
            ("OIDC_PRIVATE_ISSUERS", "1"),
        ]);
        let expected = Config {
            api_base_url: Some("https://packages.example.com/base".to_owned()),
            web_base_url: Some("http://127.0.0.1:8080".to_owned()),
            files_base_url: Some("https://files.example.com".to_owned()),
            request_timeout: Duration::from_secs(7),
            long_request_timeout: Some(Duration::from_secs(70)),
            transfer: Transfer::Streamed,
            read_only: true,
            oidc: OidcConfig {
                max_token_lifetime: Duration::from_hours(1),
                accepts_public_audience: true,
                allows_private_issuers: true,
            },
            ..Config::new("t", "b")
        };
        assert_eq!(all, Ok(expected));
    }

    #[test]
    fn long_requests_end_before_streaming_gateways_give_up() {
        let mut config = Config::new("t", "b");
        assert_eq!(config.long_request_timeout(), None);
        config.transfer = Transfer::Streamed;
        assert_eq!(config.long_request_timeout(), Some(Duration::from_secs(290)));
        config.long_request_timeout = Some(Duration::from_secs(70));
        assert_eq!(config.long_request_timeout(), Some(Duration::from_secs(70)));
    }

    #[test]
    fn tells_every_mistake_at_once() {
        let error = read(&[
            ("API_BASE_URL", "packages.example.com"),
            ("WEB_BASE_URL", "https:///x"),
            ("FILES_BASE_URL", "https://files.example.com/bucket"),
            ("REQUEST_TIMEOUT_SECONDS", "0"),
            ("LONG_REQUEST_TIMEOUT_SECONDS", "24"),
            ("RESPONSE_TRANSFER", "STREAM"),
            ("READ_ONLY", "yes"),
            ("LOG_LEVEL", "loud"),
            ("OIDC_MAX_TOKEN_LIFETIME", "1h"),
            ("OIDC_PUBLIC_AUDIENCE", "https://packages.example.com"),
            ("OIDC_PRIVATE_ISSUERS", "true"),
        ])
        .unwrap_err()
        .to_string();
        for name in [
            "TABLE_NAME is not set",
            "BUCKET_NAME is not set",
            "API_BASE_URL is `packages.example.com`",
            "WEB_BASE_URL is `https:///x`",
            "FILES_BASE_URL is `https://files.example.com/bucket`",
            "; REQUEST_TIMEOUT_SECONDS is `0`",
            "; LONG_REQUEST_TIMEOUT_SECONDS is `24`; expected 25 to 900 seconds",
            "RESPONSE_TRANSFER is `STREAM`",
            "READ_ONLY is `yes`",
            "LOG_LEVEL is `loud`",
            "OIDC_MAX_TOKEN_LIFETIME is `1h`; expected 1 to 86400 seconds",
            "OIDC_PUBLIC_AUDIENCE is `https://packages.example.com`",
            "OIDC_PRIVATE_ISSUERS is `true`",
        ] {
            assert!(error.contains(name), "{name}: {error}");
        }
    }
}
