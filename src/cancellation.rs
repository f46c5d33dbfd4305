//! How a reading ends before it is done: its time is up, or nobody waits for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Shared by a reading, which asks it as it goes on, and by whoever waits for that. The default
/// never ends anything by itself.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    due: Option<Instant>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whoever waited has gone.
    abandoned: AtomicBool,
    /// A reading ended by this.
    ended: AtomicBool,
}

impl Cancellation {
    /// Ends a reading that is not done at `due`.
    #[must_use]
    pub fn at(due: Instant) -> Self {
        Self {
            due: Some(due),
            ..Self::default()
        }
    }

    /// Ends the reading when the guard is dropped.
    #[must_use]
    pub fn guard(&self) -> Guard {
        Guard(Arc::clone(&self.state))
    }

    /// Whether a reading ended by this, so that what it answered says nothing of its file.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state.ended.load(Ordering::Relaxed)
    }

    /// Asked by a reading as it goes on.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let due =
            self.state.abandoned.load(Ordering::Relaxed) || self.due.is_some_and(|due| Instant::now() >= due);
        if due {
            self.state.ended.store(true, Ordering::Relaxed);
        }
        due
    }
}

/// Held by whoever waits for a reading.
#[derive(Debug)]
pub struct Guard(Arc<State>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
    }
}
