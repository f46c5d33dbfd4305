//! Faults that a call of AWS can meet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::held::Held;

/// One fault.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Not allowed: nothing is done, and nothing ever will be.
    Refuse,
    /// The service's own fault: a 500, and nothing is done.
    Fail,
    /// Too many requests: nothing is done.
    Throttle,
    /// The connection is closed before the request is read.
    Disconnect,
    /// A byte of the request's body is another one when it arrives.
    Garble,
    /// The request is carried out, and the connection closed instead of an answer.
    LoseAnswer,
    /// The request is carried out, and the connection closed in the middle of the answer.
    CutAnswer,
    /// Nothing is done and nothing answered.
    Hang,
    /// The request is carried out, and nothing answered.
    ApplyAndHang,
    /// It takes its time.
    Delay(Duration),
    /// The transaction is cancelled for this reason of its last item: nothing is done.
    Cancel(&'static str),
    /// An earlier attempt of the same transaction is still running.
    InProgress,
    /// A 200 that has read nothing.
    Unprocessed,
    /// A 200 that has read the first key only.
    UnprocessedSome,
    /// The answer of a read lacks the records of this kind: the half of a transaction that is not visible yet.
    Hides(&'static str),
    /// Waits at the gate before the request is carried out.
    PauseBefore(Gate),
    /// Waits at the gate between the request and its answer.
    PauseAfter(Gate),
    /// Nothing is done now: the request arrives later.
    Hold(Held),
}

impl Fault {
    /// Every fault that a call of this operation can meet, but for those that a test steers by hand.
    pub(crate) fn all(operation: &str) -> Vec<Self> {
        let mut faults = vec![
            Self::Refuse,
            Self::Fail,
            Self::Throttle,
            Self::Disconnect,
            Self::LoseAnswer,
            Self::CutAnswer,
            Self::Hang,
            Self::ApplyAndHang,
            Self::Delay(Duration::from_millis(200)),
        ];
        match operation {
            "BatchGetItem" => faults.extend([Self::Unprocessed, Self::UnprocessedSome]),
            "TransactWriteItems" => faults.extend([
                Self::Cancel("TransactionConflict"),
                Self::Cancel("ThrottlingError"),
                Self::Cancel("ProvisionedThroughputExceeded"),
                Self::Cancel("ValidationError"),
                Self::InProgress,
            ]),
            "PutObject" | "UploadPart" => faults.push(Self::Garble),
            _ => {}
        }
        faults
    }

    /// Whether once is as good as always.
    pub(crate) fn outlasts_the_call(&self) -> bool {
        matches!(self, Self::Hang | Self::ApplyAndHang)
    }
}

/// A place where a call waits until it is let pass.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<[watch::Sender<bool>; 2]>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Arc::new([watch::Sender::new(false), watch::Sender::new(false)]))
    }

    /// Returns when a call has come to the gate.
    pub(crate) async fn reached(&self) {
        let [reached, _] = &*self.0;
        let reached = reached.subscribe().wait_for(|reached| *reached).await.map(drop);
        reached.expect("the gate is here");
    }

    /// Lets this call and all later ones pass.
    pub(crate) fn open(&self) {
        let [_, open] = &*self.0;
        open.send_replace(true);
    }

    pub(super) async fn pass(&self) {
        let [reached, open] = &*self.0;
        reached.send_replace(true);
        let open = open.subscribe().wait_for(|open| *open).await.map(drop);
        open.expect("the gate is here");
    }
}
