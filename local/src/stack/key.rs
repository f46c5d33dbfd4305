//! The one access key of a stack, and times as signatures write them.

use std::time::{Duration, SystemTime};

use s3s::dto::{Timestamp, TimestampFormat};
use uuid::Uuid;

/// How far a client's clock may be from ours.
pub(super) const SKEW: Duration = Duration::from_mins(15);

/// An access key, as IAM would give one out.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
    /// The region that presigned forms are signed for.
    pub(super) region: &'static str,
}

impl Key {
    /// A key that nobody else knows, for as long as the stack runs.
    pub(super) fn random(region: &'static str) -> Self {
        Self {
            id: format!("LOCAL{:X}", Uuid::new_v4().simple()),
            secret: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            region,
        }
    }

    /// The credential that a presigned form of this day names.
    pub(super) fn form_scope(&self, day: &str) -> String {
        format!("{}/{day}/{}/s3/aws4_request", self.id, self.region)
    }
}

/// Reads `20151229T000000Z`: the day of the credential, and the moment.
pub(super) fn parse_date(text: &str) -> Option<(String, SystemTime)> {
    let digits = text.bytes().enumerate().all(|(at, byte)| match at {
        8 => byte == b'T',
        15 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 16 || !digits {
        return None;
    }
    let (year, month, day) = (text.get(0..4)?, text.get(4..6)?, text.get(6..8)?);
    let (hour, minute, second) = (text.get(9..11)?, text.get(11..13)?, text.get(13..15)?);
    let readable = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    let time = Timestamp::parse(TimestampFormat::DateTime, &readable).ok()?;
    Some((
        format!("{year}{month}{day}"),
        time::OffsetDateTime::from(time).into(),
    ))
}
