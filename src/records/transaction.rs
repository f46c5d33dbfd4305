//! Transactions: all or nothing, with an outcome that is certain or reported as unknown.

use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::Key;
use super::{Records, keys};
use crate::aws::{Cause, Failure};
use crate::error::{Error, Result};
use crate::retry::Retry;

/// Time after its first attempt in which a transaction is repeated. DynamoDB remembers a request token
/// for ten minutes, and an attempt arrives up to five minutes after it was sent: later, AWS refuses its
/// signature. So whenever an attempt arrives, what has been applied under its token is still known.
const REPEATED: Duration = Duration::from_mins(5);

/// A certain outcome of a transaction.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was applied, by this attempt or by one before it.
    Applied,
    /// A condition did not hold, and nothing was applied: a reason for each of its items. An earlier
    /// attempt may still arrive, see [`Transaction::settle`].
    Refused(Vec<CancellationReason>),
}

/// One transaction under one request token, and what is known of its attempts.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    records: &'a Records,
    request: TransactWriteItemsFluentBuilder,
    begun: Instant,
    unanswered: Option<Cause>,
}

impl Records {
    /// A transaction that writes `items`, all or none. Sends nothing yet.
    pub(super) fn transaction(&self, items: Vec<TransactWriteItem>, request_token: Uuid) -> Transaction<'_> {
        Transaction {
            records: self,
            request: self
                .without_retries
                .transact_write_items()
                .set_transact_items(Some(items))
                .client_request_token(request_token.to_string()),
            begun: Instant::now(),
            unanswered: None,
        }
    }

    /// Applies `items` as one transaction. A refusal is final: no attempt is applied after it.
    ///
    /// For records that can be made again under the same keys; whatever is conditional on an identity
    /// that is gone for good needs no fence.
    ///
    /// # Errors
    /// [`Error::Throttled`]; [`Error::Unavailable`] where the outcome is unknown at `deadline`.
    pub(super) async fn transact_fenced(
        &self,
        mut items: Vec<TransactWriteItem>,
        request_token: Uuid,
        deadline: Instant,
    ) -> Result<Outcome> {
        items.push(self.unless_fenced(request_token)?);
        let mut transaction = self.transaction(items, request_token);
        let outcome = transaction.send(deadline).await?;
        let fence = keys::fence(request_token);
        match outcome {
            Outcome::Refused(_) if transaction.settle(&fence, None, deadline).await? => Ok(Outcome::Applied),
            outcome => Ok(outcome),
        }
    }
}

impl Transaction<'_> {
    /// Sends the transaction.
    ///
    /// A transaction that was throttled, collided with another one or whose outcome is unknown is sent
    /// again, with the same token and parameters, until `deadline`: DynamoDB answers the repeat of an
    /// applied transaction with success. The SDK repeats nothing here: its repeats hide how earlier
    /// attempts ended, and an attempt that may have been applied stays so whatever later ones say.
    ///
    /// # Errors
    /// [`Error::Throttled`]; [`Error::Unavailable`] where the outcome is unknown at the deadline.
    pub(super) async fn send(&mut self, deadline: Instant) -> Result<Outcome> {
        let deadline = deadline.min(self.begun + REPEATED);
        if self.begun.elapsed() >= REPEATED {
            return Err(Error::Unavailable("the transaction's time was up".to_owned()));
        }
        let mut retry = Retry::until(deadline);
        loop {
            let failure = match self.request.clone().send().await {
                Ok(_) => return Ok(Outcome::Applied),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        match classify(cancelled.cancellation_reasons()) {
                            Cancelled::Refused(reasons) => return Ok(Outcome::Refused(reasons)),
                            Cancelled::Again(failure) => failure,
                        }
                    }
                    _ => self.remember(Failure::of(&error)),
                },
            };
            if matches!(failure, Failure::Definite(_)) || !retry.again().await {
                let unanswered = self.unanswered.clone();
                return Err(unanswered.map_or(failure, Failure::Unknown).into());
            }
        }
    }

    /// Records that the outcome of an attempt is unknown.
    fn remember(&mut self, failure: Failure) -> Failure {
        if let Failure::Unknown(cause) = &failure {
            self.unanswered = Some(cause.clone());
        }
        failure
    }

    /// Whether every attempt was answered, so that none can be applied later.
    pub(super) fn is_answered(&self) -> bool {
        self.unanswered.is_none()
    }

    /// Makes a refusal final. An attempt that ended unknown may still be on its way, and would be
    /// applied where its conditions hold by then: a fence is put under `fence`, a key on whose absence
    /// the transaction is conditional. Answers whether it had been applied before that.
    ///
    /// Costs nothing where every attempt was answered.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where the outcome is unknown at `deadline`.
    pub(super) async fn settle(
        &mut self,
        fence: &Key,
        registry_id: Option<Uuid>,
        deadline: Instant,
    ) -> Result<bool> {
        if self.is_answered() {
            return Ok(false);
        }
        let deadline = deadline.min(self.begun + REPEATED);
        self.records.put_fence(fence, registry_id, deadline).await?;
        // The token tells what was applied before the fence; nothing is any more.
        let outcome = self.send(deadline).await?;
        Ok(matches!(outcome, Outcome::Applied))
    }
}

enum Cancelled {
    Refused(Vec<CancellationReason>),
    Again(Failure),
}

/// Decides from the reasons whether a cancellation is final.
///
/// A conflict comes first: DynamoDB examines one item after another, so while another transaction holds
/// one of them, the conditions on the others may have failed on its unfinished work. Then come failed
/// conditions, which a repeat cannot change, then throttling, which passes. Anything else is a mistake
/// of ours.
fn classify(reasons: &[CancellationReason]) -> Cancelled {
    let has = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("TransactionConflict") {
        Cancelled::Again(Failure::Unknown(Cause::of_last_step(
            "another transaction held the same items",
        )))
    } else if has("ConditionalCheckFailed") {
        Cancelled::Refused(reasons.to_vec())
    } else if has("ThrottlingError") || has("ProvisionedThroughputExceeded") {
        Cancelled::Again(Failure::Throttled(Cause::of_last_step(format!(
            "the transaction was cancelled: {}",
            codes(reasons)
        ))))
    } else {
        Cancelled::Again(Failure::Definite(Cause::of_last_step(format!(
            "the transaction was cancelled: {}",
            codes(reasons)
        ))))
    }
}

/// The reasons' codes, in the order of the items.
fn codes(reasons: &[CancellationReason]) -> String {
    let codes = reasons.iter().map(|reason| reason.code().unwrap_or("no code"));
    codes.collect::<Vec<_>>().join(", ")
}

/// Whether the condition on the item at `index` is one of those that did not hold.
pub(super) fn refused(reasons: &[CancellationReason], index: usize) -> bool {
    reasons
        .get(index)
        .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

#[cfg(test)]
mod tests {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;

    use super::*;

    /// Records behind an address that refuses every connection.
    fn unreachable() -> Records {
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("nowhere"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .endpoint_url("http://127.0.0.1:1");
        Records::new(&sdk.build(), "none")
    }

    /// Repeats until then, whatever time the call has left.
    #[tokio::test]
    async fn transactions_are_repeated_for_five_minutes() {
        let records = unreachable();
        let hour = Instant::now() + Duration::from_hours(1);
        let items = || vec![records.unless_fenced(Uuid::nil()).expect("a condition")];
        let mut transaction = records.transaction(items(), Uuid::nil());
        assert!(transaction.is_answered());
        let soon = Duration::from_millis(300);
        transaction.begun = Instant::now().checked_sub(REPEATED).expect("an uptime") + soon;
        let begun = Instant::now();
        let ended = transaction.send(hour).await;
        assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
        assert!(!transaction.is_answered());
        let ended = transaction.settle(&keys::fence(Uuid::nil()), None, hour).await;
        assert!(matches!(ended, Err(Error::Unavailable(_))), "{ended:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    /// Class of a cancellation with these reasons, one for each item.
    fn classified(codes: [&str; 3]) -> &'static str {
        let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
        match classify(&reasons) {
            Cancelled::Refused(_) => "refused",
            Cancelled::Again(Failure::Throttled(_)) => "throttled",
            Cancelled::Again(Failure::Unknown(_)) => "again",
            Cancelled::Again(Failure::Definite(_)) => "ours",
        }
    }

    #[test]
    fn conflicts_are_decided_before_failed_conditions() {
        for (codes, expected) in [
            (["None", "None", "ConditionalCheckFailed"], "refused"),
            (["ThrottlingError", "None", "ConditionalCheckFailed"], "refused"),
            // Of two deletes at once: the package is still held, its release gone already.
            (["TransactionConflict", "None", "ConditionalCheckFailed"], "again"),
            (["None", "TransactionConflict", "None"], "again"),
            (["None", "ThrottlingError", "None"], "throttled"),
            (["None", "ProvisionedThroughputExceeded", "None"], "throttled"),
            (["None", "ValidationError", "None"], "ours"),
        ] {
            assert_eq!(classified(codes), expected, "{codes:?}");
        }
    }
}
