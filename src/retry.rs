//! The policy of repeats: how often, how long apart, and when a client may come again.
//!
//! The SDK repeats single calls of AWS by itself ([`of_sdk`]). Everything else that is repeated goes through
//! [`Retry`].

use std::time::Duration;

use aws_config::retry::RetryConfig;
use tokio::time::{Instant, sleep};

/// Seconds after which a client may try again what was throttled or timed out. The gateway's own answers in
/// `template.yaml` have the same.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 2;

/// Seconds after which a client may try again what a registry refuses that only answers reads.
pub(crate) const READ_ONLY_RETRY_AFTER_SECONDS: u32 = 120;

/// Bound of the first pause; it doubles with every attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// Largest bound of a pause.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Repeats that the SDK makes by itself: three attempts, the SDK's own backoff.
pub(crate) fn of_sdk() -> RetryConfig {
    RetryConfig::standard()
}

/// The attempts of one piece of work, and the pauses between them.
#[derive(Debug)]
pub(crate) struct Retry {
    /// Attempts that were begun.
    attempts: u32,
    max_attempts: u32,
    deadline: Option<Instant>,
}

impl Retry {
    /// Repeats until `deadline`.
    pub(crate) fn until(deadline: Instant) -> Self {
        Self {
            attempts: 1,
            max_attempts: u32::MAX,
            deadline: Some(deadline),
        }
    }

    /// Makes this many attempts, the first among them.
    pub(crate) fn at_most(max_attempts: u32) -> Self {
        Self {
            attempts: 1,
            max_attempts,
            deadline: None,
        }
    }

    /// Attempts so far, the one under way among them.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Pauses before the next attempt. Answers at once, and false, where there is to be none.
    pub(crate) async fn again(&mut self) -> bool {
        let pause = pause_after(self.attempts);
        let is_late = |deadline| Instant::now() + pause >= deadline;
        if self.attempts >= self.max_attempts || self.deadline.is_some_and(is_late) {
            return false;
        }
        sleep(pause).await;
        self.attempts += 1;
        true
    }
}

/// Pause after attempt number `attempt`, counted from 1: full jitter under a doubling bound, so that those who
/// collided once do not collide again.
fn pause_after(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(10);
    let bound = (FIRST_PAUSE * 2_u32.pow(doublings)).min(MAX_PAUSE);
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_largest_bound() {
        for (attempt, millis) in [
            (0, 25),
            (1, 25),
            (2, 50),
            (3, 100),
            (6, 800),
            (7, 1000),
            (u32::MAX, 1000),
        ] {
            let bound = Duration::from_millis(millis);
            let longest = (0..1_000).map(|_| pause_after(attempt)).max().unwrap_or_default();
            assert!(longest <= bound && longest > bound / 2, "{attempt}: {longest:?}");
        }
    }

    #[tokio::test]
    async fn repeats_end_with_their_number_or_their_time() {
        let mut retry = Retry::at_most(3);
        assert!(retry.again().await && retry.again().await);
        assert!(!retry.again().await);
        let mut retry = Retry::until(Instant::now());
        assert!(!retry.again().await);
    }

    /// The gateway answers for the function where that cannot: clients are to wait as long.
    #[test]
    fn the_template_has_the_same_time() {
        let template = include_str!("../template.yaml");
        let waits = template.lines().filter_map(|line| {
            let (name, value) = line.trim().split_once(": ")?;
            ["Retry-After", "RateLimit-Reset"]
                .contains(&name)
                .then_some(value)
        });
        let waits: Vec<_> = waits.collect();
        let own = format!("\"'{RETRY_AFTER_SECONDS}'\"");
        assert!(
            !waits.is_empty() && waits.iter().all(|value| *value == own),
            "{waits:?}"
        );
    }
}
