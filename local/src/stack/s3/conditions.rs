//! `If-Match` and its kin.

use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};

use super::object::Object;

/// Conditions of a request on its object, in the words of RFC 9110, section 13.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    pub(super) matches: Option<ETagCondition>,
    pub(super) matches_not: Option<ETagCondition>,
    pub(super) modified_since: Option<Timestamp>,
    pub(super) unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Of a read: 412 where the object is another, 304 where the reader has it already.
    pub(super) fn check(self, object: &Object) -> S3Result<()> {
        if !self.is_wanted(object) {
            return Err(precondition_failed());
        }
        if self.is_known(object) {
            return Err(s3_error!(NotModified));
        }
        Ok(())
    }

    /// Of the source of a copy: there is no 304.
    pub(super) fn check_source(self, object: &Object) -> S3Result<()> {
        if !self.is_wanted(object) || self.is_known(object) {
            return Err(precondition_failed());
        }
        Ok(())
    }

    /// `If-Match` goes before `If-Unmodified-Since`.
    fn is_wanted(&self, object: &Object) -> bool {
        match (&self.matches, &self.unmodified_since) {
            (Some(condition), _) => matches(condition, object),
            (None, Some(time)) => object.last_modified() <= *time,
            (None, None) => true,
        }
    }

    /// `If-None-Match` goes before `If-Modified-Since`.
    fn is_known(&self, object: &Object) -> bool {
        match (&self.matches_not, &self.modified_since) {
            (Some(condition), _) => matches(condition, object),
            (None, Some(time)) => object.last_modified() <= *time,
            (None, None) => false,
        }
    }
}

/// Condition of a write on the object that it may replace. Empty: anything may be replaced.
#[derive(Debug, Default)]
pub(super) struct WriteCondition {
    pub(super) matches: Option<ETagCondition>,
    pub(super) matches_not: Option<ETagCondition>,
}

impl WriteCondition {
    /// Whether it holds where `existing` is what the key names.
    pub(super) fn holds(&self, existing: Option<&Object>) -> bool {
        let is = |condition: &ETagCondition| existing.is_some_and(|object| matches(condition, object));
        self.matches.as_ref().is_none_or(is) && !self.matches_not.as_ref().is_some_and(is)
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(wanted) => wanted.value() == object.attributes.etag,
    }
}

pub(super) fn precondition_failed() -> s3s::S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}
