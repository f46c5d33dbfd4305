//! The AWS SDK, bounded in time, and what its errors mean to us.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::RequestId as _;
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::interceptors::{disable_interceptor, dyn_dispatch_hint};
use aws_types::service_config::ServiceConfigKey;

use crate::error::{Error, chain};
use crate::retry;
use crate::steps::{self, KeyKinds, Notes, Step};

/// The SDK's own default is a connect time-out alone: one dead connection in a thawed sandbox would
/// eat the whole call. All three lie below the time that a call has ([`Config::request_timeout`]).
///
/// [`Config::request_timeout`]: crate::Config::request_timeout
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(12);

/// The DynamoDB client, whose calls are noted with their `key_kinds`.
pub(crate) fn dynamodb(sdk: &SdkConfig, key_kinds: fn(&Input) -> KeyKinds) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::config::Builder::from(sdk)
        .timeout_config(timeouts())
        // An attempt's time-out holds for all of its answer.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_config(retry::of_sdk())
        .interceptor(UserAgent)
        .interceptor(Notes { key_kinds });
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// A client on the same connections that repeats nothing by itself.
pub(crate) fn without_repeats(client: &aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client {
    let config = client.config().to_builder().retry_config(RetryConfig::disabled());
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// The S3 client, whose calls are noted with their `key_kinds`.
pub(crate) fn s3(sdk: &SdkConfig, key_kinds: fn(&Input) -> KeyKinds) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(sdk)
        .timeout_config(timeouts())
        .retry_config(retry::of_sdk())
        // A name with the bucket's in front of it exists at AWS alone.
        .force_path_style(has_other_endpoint(sdk))
        .interceptor(UserAgent)
        .interceptor(Notes { key_kinds });
    aws_sdk_s3::Client::from_conf(config.build())
}

/// Whether S3 is asked elsewhere than at AWS.
fn has_other_endpoint(sdk: &SdkConfig) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id("S3")
        .profile("endpoint_url")
        .env("AWS_ENDPOINT_URL")
        .build();
    let of_service = sdk.service_config().zip(key.ok());
    let of_service = of_service.and_then(|(config, key)| config.load_config(key));
    of_service.is_some() || sdk.endpoint_url().is_some()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

/// Interceptor that tells AWS's own logs which program sends a request. The SDK's, which it takes the place of, composes
/// a long text anew for each.
#[derive(Debug)]
struct UserAgent;

#[dyn_dispatch_hint]
impl Intercept for UserAgent {
    fn name(&self) -> &'static str {
        "user agent"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let in_its_place = disable_interceptor::<UserAgentInterceptor>("this program has its own");
        cfg.interceptor_state().store_put(in_its_place);
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("user-agent", concat!("packages-api/", env!("CARGO_PKG_VERSION")));
        Ok(())
    }
}

/// Cause of a failure, for the log alone.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// The call of AWS that failed.
    step: Option<Step>,
    pub(crate) text: Cow<'static, str>,
    /// The request's id at AWS.
    request_id: Option<String>,
}

impl Cause {
    /// Cause of the failure that the call of AWS which has just ended comes to.
    pub(crate) fn of_last_step(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            step: steps::just_ended(),
            text: text.into(),
            request_id: None,
        }
    }

    /// The cause where this many attempts were made, which ended without an error of the SDK.
    pub(crate) fn after(mut self, attempts: u32) -> Self {
        self.step = self.step.map(|step| step.after(attempts));
        self
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(step) = &self.step {
            write!(f, "{step}")?;
            if let Some(id) = &self.request_id {
                write!(f, ", request {id}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.text)
    }
}

/// Knowledge that a failed call to AWS leaves. The SDK's own repeats hide earlier attempts, so even a definite
/// failure of the last one says nothing of those before it.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// Refused for now: nothing was done, and later it may be.
    Throttled(Cause),
    /// No answer, or none that can be believed: it may have been done.
    Unknown(Cause),
    /// Refused for good.
    Definite(Cause),
}

impl Failure {
    /// Knowledge that this error leaves.
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut cause = Cause::of_last_step(chain(error));
        cause.request_id = error.request_id().map(str::to_owned);
        let SdkError::ServiceError(service) = error else {
            return match error {
                SdkError::ConstructionFailure(_) => Self::Definite(cause),
                _ => Self::Unknown(cause),
            };
        };
        match service.err().code() {
            Some(
                "ThrottlingException"
                | "Throttling"
                | "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "SlowDown",
            ) => Self::Throttled(cause),
            Some(
                "TransactionInProgressException"
                | "TransactionConflictException"
                | "RequestTimeout"
                // The bytes that arrived were not those that were sent.
                | "BadDigest"
                // A copy that fails after S3 has begun to answer: within a 200.
                | "InternalError"
                | "ServiceUnavailable",
            ) => Self::Unknown(cause),
            _ if service.raw().status().as_u16() >= 500 => Self::Unknown(cause),
            _ => Self::Definite(cause),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Throttled(cause) => Self::Throttled(cause.to_string()),
            Failure::Unknown(cause) => Self::Unavailable(cause.to_string()),
            Failure::Definite(cause) => Self::Internal(cause.to_string()),
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
