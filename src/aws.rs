//! The AWS SDK, bounded in time, and what its errors mean to us.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::error::{Error, chain};

/// The SDK's own default is a connect time-out alone: one dead connection in a thawed sandbox would
/// eat the whole call. All three lie below the time that a call has ([`Config::request_timeout`]).
///
/// [`Config::request_timeout`]: crate::Config::request_timeout
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(12);

/// The DynamoDB client.
pub(crate) fn dynamodb(sdk: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(sdk)
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// The same client, on the same connections, that repeats nothing by itself.
pub(crate) fn without_repeats(client: &aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client {
    let config = client.config().to_builder().retry_config(RetryConfig::disabled());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// The S3 client.
pub(crate) fn s3(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(sdk)
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard());
    aws_sdk_s3::Client::from_conf(config.build())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// What a failed call to AWS leaves us knowing. The SDK's own repeats hide earlier attempts, so
/// even a definite failure of the last one says nothing of those before it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Refused for now: nothing was done, and later it may be.
    Throttled,
    /// No answer, or none that can be believed: it may have been done.
    Unknown(String),
    /// Refused for good.
    Definite(String),
}

impl Failure {
    /// What the failed call leaves us knowing.
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let text = chain(error);
        let SdkError::ServiceError(service) = error else {
            return match error {
                SdkError::ConstructionFailure(_) => Self::Definite(text),
                _ => Self::Unknown(text),
            };
        };
        match service.err().code() {
            Some(
                "ThrottlingException"
                | "Throttling"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "SlowDown",
            ) => Self::Throttled,
            Some(
                "TransactionInProgressException"
                | "TransactionConflictException"
                | "RequestTimeout"
                // What arrived was not what was sent.
                | "BadDigest"
                // A copy that fails after S3 has begun to answer: within a 200.
                | "InternalError"
                | "ServiceUnavailable",
            ) => Self::Unknown(text),
            _ if service.raw().status().as_u16() >= 500 => Self::Unknown(text),
            _ => Self::Definite(text),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Throttled => Self::Throttled,
            Failure::Unknown(text) => Self::Unavailable(text),
            Failure::Definite(text) => Self::Internal(text),
        }
    }
}

/// An SDK error as the answer it ends in.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(crate) fn failed<E>(error: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    Failure::of(&error).into()
}

/// How long to wait before the repeat that follows attempt number `attempt` (from 0): full jitter
/// under a doubling bound, so that those who collided once do not collide again.
pub(crate) fn backoff(attempt: u32) -> Duration {
    const FIRST_MILLIS: u64 = 25;
    const MOST_MILLIS: u64 = 1_000;
    let bound = (FIRST_MILLIS << attempt.min(10)).min(MOST_MILLIS);
    Duration::from_millis(fastrand::u64(1..=bound))
}
