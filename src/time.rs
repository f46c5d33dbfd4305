//! Moments: as the table, AWS and people write them, and how long it is until they come.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds from the beginning of 1970 to the end of the year 9999, the last that RFC 3339 can write.
const MAX_SECONDS: u64 = 253_402_300_799;

/// Milliseconds from the beginning of 1970 to that of 2001. Fewer are no moment of a deadline.
const YEAR_2001_MILLIS: u64 = 978_307_200_000;

/// Longest time that Lambda gives an invocation.
pub const MAX_SANDBOX_TIME: Duration = Duration::from_mins(15);

/// Seconds from the beginning of 1970 to `moment`, as the table's time to live counts; 0 for earlier moments.
#[must_use]
pub fn epoch_seconds(moment: SystemTime) -> u64 {
    moment.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Milliseconds from the beginning of 1970 to `moment`; 0 for earlier moments.
#[must_use]
pub fn epoch_millis(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The moment this many seconds after the beginning of 1970; the end of the year 9999 for later ones.
#[must_use]
pub fn from_epoch_seconds(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds.min(MAX_SECONDS))
}

/// The moment this many milliseconds after the beginning of 1970; the end of the year 9999 for later ones.
#[must_use]
pub fn from_epoch_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis).min(Duration::from_secs(MAX_SECONDS))
}

/// Time that a sandbox has left, by the deadline that the context of its event names in milliseconds since the
/// beginning of 1970: zero once that has passed, and at most the longest time that Lambda gives. That longest where
/// the context names no moment: `cargo lambda watch` has a length of time in its place.
#[must_use]
pub fn sandbox_time_left(deadline_millis: u64) -> Duration {
    if deadline_millis < YEAR_2001_MILLIS {
        return MAX_SANDBOX_TIME;
    }
    let left = from_epoch_millis(deadline_millis).duration_since(SystemTime::now());
    left.unwrap_or_default().min(MAX_SANDBOX_TIME)
}

/// Whether the moment this many seconds after the beginning of 1970 has come. A record that ends then is
/// expired, although the table removes it only some time later.
#[must_use]
pub fn has_come(epoch_seconds: u64) -> bool {
    self::epoch_seconds(SystemTime::now()) >= epoch_seconds
}

/// The moment in UTC as RFC 3339 writes it, without a fraction: `2015-12-30T12:00:00Z`.
#[must_use]
pub fn rfc3339_seconds(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(writable(moment)).to_string()
}

/// The moment in UTC as RFC 3339 writes it, to three digits of a second: `2015-12-30T12:00:00.000Z`.
#[must_use]
pub fn rfc3339_millis(moment: SystemTime) -> String {
    humantime::format_rfc3339_millis(writable(moment)).to_string()
}

/// The nearest moment that can be written.
fn writable(moment: SystemTime) -> SystemTime {
    moment.clamp(UNIX_EPOCH, from_epoch_seconds(MAX_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_they_are_read() {
        let moment = from_epoch_millis(1_451_347_200_120);
        assert_eq!(epoch_millis(moment), 1_451_347_200_120);
        assert_eq!(epoch_seconds(moment), 1_451_347_200);
        assert_eq!(rfc3339_seconds(moment), "2015-12-29T00:00:00Z");
        assert_eq!(rfc3339_millis(moment), "2015-12-29T00:00:00.120Z");
    }

    #[test]
    fn extreme_moments_are_written_as_the_nearest() {
        for late in [from_epoch_seconds(u64::MAX), from_epoch_millis(u64::MAX)] {
            assert_eq!(rfc3339_seconds(late), "9999-12-31T23:59:59Z");
        }
        let early = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(rfc3339_millis(early), "1970-01-01T00:00:00.000Z");
        assert_eq!(epoch_seconds(early), 0);
        assert_eq!(epoch_millis(early), 0);
    }

    #[test]
    fn a_passed_deadline_leaves_no_time() {
        let now = SystemTime::now();
        let left = |deadline| sandbox_time_left(epoch_millis(deadline));
        assert_eq!(left(now - Duration::from_secs(1)), Duration::ZERO);
        assert_eq!(sandbox_time_left(YEAR_2001_MILLIS), Duration::ZERO);
        assert!(left(now + Duration::from_mins(1)) > Duration::from_secs(50));
        assert!(left(now + Duration::from_mins(1)) <= Duration::from_mins(1));
        assert_eq!(left(now + Duration::from_hours(1)), MAX_SANDBOX_TIME);
        assert!(has_come(epoch_seconds(now)));
        assert!(!has_come(epoch_seconds(now) + 60));
    }

    #[test]
    fn a_length_of_time_is_no_deadline() {
        for millis in [0, 600_000] {
            assert_eq!(sandbox_time_left(millis), MAX_SANDBOX_TIME);
        }
    }
}
