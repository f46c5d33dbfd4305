//! The end of a reading before it is done: its time is up, or its caller has gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Shared by a reading, which checks it again and again, and by its caller. The default has no deadline.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    due: Option<Instant>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the caller has gone.
    abandoned: AtomicBool,
    /// Whether a reading ended because of this.
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

    /// Whether a reading ended because of this, so that its result means nothing.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state.ended.load(Ordering::Relaxed)
    }

    /// Whether a reading has to end now. Readings check this again and again.
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

/// Held by the caller of a reading while it waits.
#[derive(Debug)]
pub struct Guard(Arc<State>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
    }
}
