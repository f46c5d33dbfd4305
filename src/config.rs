//! What the environment says: the one place that reads it.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient, http_client_fn};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// How long one call may take by default: below the 29 seconds after which API Gateway gives up.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(25);

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
    /// `REQUEST_TIMEOUT_SECONDS`: after this long a call ends in our own 503.
    pub request_timeout: Duration,
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
            request_timeout: DEFAULT_REQUEST_TIMEOUT,
        }
    }

    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every mistake at once, each by the variable's name.
    pub fn from_env() -> Result<Self, InvalidConfig> {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        let mut mistakes = Vec::new();
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &str, mistakes: &mut Vec<String>| {
            set(name).unwrap_or_else(|| {
                mistakes.push(format!("{name} is not set"));
                String::new()
            })
        };
        let base_url = |name: &str, mistakes: &mut Vec<String>| {
            let url = set(name)?;
            let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
            let plain = |rest: &str| !rest.contains(['?', '#', ' ']) && !rest.starts_with('/');
            if !rest.is_some_and(|rest| !rest.is_empty() && plain(rest)) {
                mistakes.push(format!(
                    "{name} is `{url}`; expected an address such as https://packages.example.com"
                ));
            }
            Some(url.trim_end_matches('/').to_owned())
        };
        let seconds = |name: &str, mistakes: &mut Vec<String>| {
            let text = set(name)?;
            match text.parse() {
                Ok(seconds @ 1..=900) => return Some(Duration::from_secs(seconds)),
                _ => mistakes.push(format!("{name} is `{text}`; expected 1 to 900 seconds")),
            }
            None
        };
        let config = Self {
            table: required("TABLE_NAME", &mut mistakes),
            bucket: required("BUCKET_NAME", &mut mistakes),
            api_base_url: base_url("API_BASE_URL", &mut mistakes),
            web_base_url: base_url("WEB_BASE_URL", &mut mistakes),
            request_timeout: seconds("REQUEST_TIMEOUT_SECONDS", &mut mistakes)
                .unwrap_or(DEFAULT_REQUEST_TIMEOUT),
        };
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(InvalidConfig(mistakes))
        }
    }
}

/// What the SDK needs in a function, from the variables that Lambda sets there: region, credentials,
/// and endpoints where others than AWS's own are to answer.
///
/// The SDK's own search through profiles, single sign-on and metadata services would find the same,
/// and be a fifth of the function.
///
/// # Errors
/// Where `AWS_REGION` is not set.
pub fn function_sdk() -> Result<SdkConfig, InvalidConfig> {
    let region = std::env::var("AWS_REGION")
        .ok()
        .filter(|region| !region.is_empty());
    let region = region.ok_or_else(|| InvalidConfig(vec!["AWS_REGION is not set".to_owned()]))?;
    let credentials = EnvironmentVariableCredentialsProvider::new();
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Endpoints)
        .http_client(https_on_first_use())
        .build())
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

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConfig(Vec<String>);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment is not what is needed: {}", self.0.join("; "))
    }
}

impl std::error::Error for InvalidConfig {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, InvalidConfig> {
        Config::read(|name| {
            let pair = pairs.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
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
            ("REQUEST_TIMEOUT_SECONDS", "7"),
        ]);
        let expected = Config {
            api_base_url: Some("https://packages.example.com/base".to_owned()),
            web_base_url: Some("http://127.0.0.1:8080".to_owned()),
            request_timeout: Duration::from_secs(7),
            ..Config::new("t", "b")
        };
        assert_eq!(all, Ok(expected));
    }

    #[test]
    fn tells_every_mistake_at_once() {
        let error = read(&[
            ("API_BASE_URL", "packages.example.com"),
            ("WEB_BASE_URL", "https:///x"),
            ("REQUEST_TIMEOUT_SECONDS", "0"),
        ])
        .unwrap_err()
        .to_string();
        for name in [
            "TABLE_NAME is not set",
            "BUCKET_NAME is not set",
            "API_BASE_URL is `packages.example.com`",
            "WEB_BASE_URL is `https:///x`",
            "REQUEST_TIMEOUT_SECONDS is `0`",
        ] {
            assert!(error.contains(name), "{name}: {error}");
        }
    }
}
