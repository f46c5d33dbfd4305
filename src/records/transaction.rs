//! All or nothing, told truthfully.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use tokio::time::{Instant, sleep};

use super::Records;
use crate::aws::{Failure, backoff};
use crate::error::{Error, Result};

/// How a transaction ended, where it is certain how.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was applied, by this attempt or by one before it.
    Applied,
    /// A condition did not hold, and nothing was applied: a reason for each of its items.
    Refused(Vec<CancellationReason>),
}

impl Records {
    /// Applies `items` as one transaction, under `request_token`.
    ///
    /// What was throttled, collided with another transaction or ended unknown is sent again with
    /// the same token and the same parameters until `deadline`: DynamoDB answers the repeat of an
    /// applied transaction with success. The SDK repeats nothing here: its repeats hide how earlier
    /// attempts ended, and an attempt that may have been applied stays so whatever later ones say.
    ///
    /// # Errors
    /// [`Error::Throttled`]; [`Error::Unavailable`] where the outcome is unknown at the deadline.
    pub(super) async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        request_token: &str,
        deadline: Instant,
    ) -> Result<Outcome> {
        let transaction = self
            .once
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(request_token);
        let mut unknown = None;
        for attempt in 0.. {
            let failure = match transaction.clone().send().await {
                Ok(_) => return Ok(Outcome::Applied),
                Err(error) => match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                        match understand(cancelled.cancellation_reasons()) {
                            Cancelled::Refused(reasons) => return Ok(Outcome::Refused(reasons)),
                            Cancelled::Again(failure) => failure,
                        }
                    }
                    _ => Failure::of(&error),
                },
            };
            let wait = backoff(attempt);
            if let Failure::Unknown(text) = &failure {
                unknown = Some(text.clone());
            }
            if matches!(failure, Failure::Definite(_)) || Instant::now() + wait >= deadline {
                return Err(unknown.map_or(failure, Failure::Unknown).into());
            }
            sleep(wait).await;
        }
        Err(Error::Internal("a transaction without end".to_owned()))
    }
}

enum Cancelled {
    Refused(Vec<CancellationReason>),
    Again(Failure),
}

/// A conflict comes first: DynamoDB looks at one item after another, so beside one that another
/// transaction still holds, the conditions on the rest say what will hold in a moment or never. Then
/// conditions that did not hold, which repeating changes nothing about, then what passes by itself;
/// anything else is our mistake.
fn understand(reasons: &[CancellationReason]) -> Cancelled {
    let has = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("TransactionConflict") {
        Cancelled::Again(Failure::Unknown(
            "another transaction held the same items".to_owned(),
        ))
    } else if has("ConditionalCheckFailed") {
        Cancelled::Refused(reasons.to_vec())
    } else if has("ThrottlingError") || has("ProvisionedThroughputExceeded") {
        Cancelled::Again(Failure::Throttled)
    } else {
        Cancelled::Again(Failure::Definite(format!(
            "the transaction was cancelled: {reasons:?}"
        )))
    }
}

/// Whether the condition on the item at `index` is one of those that did not hold.
pub(super) fn refused(reasons: &[CancellationReason], index: usize) -> bool {
    reasons
        .get(index)
        .is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a cancellation for these reasons, one an item, is understood.
    fn understood(codes: [&str; 3]) -> &'static str {
        let reasons = codes.map(|code| CancellationReason::builder().code(code).build());
        match understand(&reasons) {
            Cancelled::Refused(_) => "refused",
            Cancelled::Again(Failure::Throttled) => "throttled",
            Cancelled::Again(Failure::Unknown(_)) => "again",
            Cancelled::Again(Failure::Definite(_)) => "ours",
        }
    }

    #[test]
    fn a_condition_is_believed_unless_another_transaction_is_in_the_middle_of_it() {
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
            assert_eq!(understood(codes), expected, "{codes:?}");
        }
    }
}
