//! One publish of an upload at a time: a repeat waits for the work of the request before it.
//!
//! The gateway answers a 504 while a large file is still being copied, and the client asks again. A
//! mark in the table, read with everything else that lets a request in, keeps the repeat from
//! beginning a second copy. Small files are published before a mark would be put.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Context;
use crate::error::{Error, Result};
use crate::records::Registry;

/// Time after which work is marked: well before the gateway gives up.
const MARKED_AFTER: Duration = Duration::from_secs(5);
/// Time between two renewals of a mark, of which one may fail before it ends.
const RENEWED_EVERY: Duration = Duration::from_secs(10);
/// Time between two looks of a request that waits.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// Does `work` on an upload. Where it takes longer than some seconds, the upload is marked until it is done.
pub(super) async fn marked<T>(
    context: &Context,
    registry: &Registry,
    upload: Uuid,
    filename: &str,
    work: impl Future<Output = T>,
) -> T {
    let worker = Uuid::now_v7();
    let marked = AtomicBool::new(false);
    let marks = async {
        sleep(MARKED_AFTER).await;
        loop {
            marked.store(true, Ordering::Relaxed);
            warn(
                upload,
                context
                    .records
                    .mark_work(registry, upload, filename, worker)
                    .await,
            );
            sleep(RENEWED_EVERY).await;
        }
    };
    let done = tokio::select! {
        done = work => done,
        never = marks => never,
    };
    if marked.load(Ordering::Relaxed) {
        warn(
            upload,
            context.records.unmark_work(registry, upload, worker).await,
        );
    }
    done
}

/// Logs that a mark was not put or taken back, which costs others a wait or a second copy, no more.
fn warn(upload: Uuid, done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(%upload, cause = error.cause(), "an upload is not marked as being published");
    }
}

/// Waits before the next look at an upload that is being published.
///
/// # Errors
/// [`Error::InProgress`] where the call has no time for another one.
pub(super) async fn pause(context: &Context) -> Result<()> {
    if Instant::now() + LOOKED_EVERY >= context.retry_until {
        return Err(Error::InProgress);
    }
    sleep(LOOKED_EVERY).await;
    Ok(())
}
