//! Fences: items that keep a late attempt of a transaction from ever being applied.
//!
//! An attempt that was never answered may still lie in some queue. Where its repeat was refused, the
//! refusal holds for that moment only: once the item that caused it is deleted, the attempt could be
//! applied after all. A fence lies under a key on whose absence the transaction is conditional, and every
//! read of [`Records`] skips it.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::Serialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{self, Key};
use super::{Item, Records, to_item};
use crate::aws::Failure;
use crate::error::{Error, Result};
use crate::retry::Retry;
use crate::time::epoch_seconds;

/// Attribute that only fences have.
pub(super) const FENCE: &str = "fence";

/// Time after which no attempt can arrive any more. AWS refuses a request that arrives more than five
/// minutes after it was signed, and each is signed when it is sent; the rest is for clocks.
const LIFETIME: Duration = Duration::from_hours(24);

/// A fence as the table holds it.
#[derive(Serialize)]
struct Fence {
    /// Named as [`FENCE`].
    #[serde(rename = "fence")]
    is_one: bool,
    /// The registry whose content it lies among.
    registry_id: Option<Uuid>,
    /// When the table may drop it, in seconds since 1970.
    expires_at: u64,
}

/// Whether an item is a fence, and so no record.
pub(super) fn is_fence(item: &Item) -> bool {
    item.contains_key(FENCE)
}

impl Records {
    /// Puts a fence under `key`, unless an item lies there already: the transaction's own, which has
    /// been applied by then, or this very fence.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it is not certain at `deadline` that an item lies there: the
    /// outcome of the transaction is unknown then.
    pub(super) async fn put_fence(
        &self,
        key: &Key,
        registry_id: Option<Uuid>,
        deadline: Instant,
    ) -> Result<()> {
        let fence = Fence {
            is_one: true,
            registry_id,
            expires_at: epoch_seconds(SystemTime::now() + LIFETIME),
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(key, &fence)?))
            .condition_expression("attribute_not_exists(pk)");
        let mut retry = Retry::until(deadline);
        loop {
            let failure = match put.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) => {
                    let service = error.as_service_error();
                    if service.is_some_and(PutItemError::is_conditional_check_failed_exception) {
                        return Ok(());
                    }
                    Failure::of(&error)
                }
            };
            // In conflict with the late attempt itself, for example.
            if matches!(failure, Failure::Definite(_)) || !retry.again().await {
                let (Failure::Throttled(cause) | Failure::Unknown(cause) | Failure::Definite(cause)) =
                    failure;
                return Err(Error::Unavailable(format!("a fence was not put: {cause}")));
            }
        }
    }

    /// The condition that no fence lies under a key of the transaction's own: for transactions whose
    /// records can be made again under the same keys.
    pub(super) fn unless_fenced(&self, request_token: Uuid) -> Result<TransactWriteItem> {
        self.transaction_items()
            .check(&keys::fence(request_token), |check| {
                check.condition_expression("attribute_not_exists(pk)")
            })
    }
}
