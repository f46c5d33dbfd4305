//! Faults of one call of AWS, as the cases of a test.

use std::time::Duration;

use super::fault::Fault;
use super::fault_proxy::{ALWAYS, FaultProxy};

/// More than anything takes that ends by itself, whatever else keeps the machine busy.
pub(crate) const PATIENT: Duration = Duration::from_secs(25);
/// Below the SDK's time-out for one attempt: what hangs, hangs until the call's time is up.
pub(crate) const SHORT: Duration = Duration::from_secs(4);
/// Enough for a few repeats of what never succeeds.
pub(crate) const ENOUGH: Duration = Duration::from_secs(8);

/// One fault of one operation, once or as often as it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct FaultCase {
    pub(crate) operation: &'static str,
    pub(crate) fault: Fault,
    pub(crate) times: usize,
}

impl FaultCase {
    /// Every fault of each of these operations.
    pub(crate) fn all(operations: &'static [&'static str]) -> impl Iterator<Item = Self> {
        operations.iter().flat_map(|operation| {
            Fault::all(operation).into_iter().flat_map(move |fault| {
                [1, ALWAYS].map(|times| Self {
                    operation,
                    fault: fault.clone(),
                    times,
                })
            })
        })
    }

    /// Every fault of each of these operations, for a call that ends where one attempt hangs: a second one is never
    /// made there.
    pub(crate) fn all_of_one_call(operations: &'static [&'static str]) -> impl Iterator<Item = Self> {
        Self::all(operations).filter(|case| case.times == ALWAYS || !case.fault.outlasts_the_call())
    }

    /// Lets it happen from now on.
    pub(crate) fn inject(&self, proxy: &FaultProxy) {
        proxy.inject(self.operation, self.fault.clone(), self.times);
    }

    /// Statuses that the client of a publish or a copy may be answered: where calls hang, their time-outs decide
    /// whether a repeat inside still helps. `missing` is the status for an object that is not there.
    pub(crate) fn expected(&self, missing: u16) -> Vec<u16> {
        let once = self.times == 1;
        let status = match (&self.fault, self.operation) {
            (Fault::Delay(_), _) => 200,
            // To who may not list, S3 says so of what is missing.
            (Fault::Refuse, "HeadObject" | "GetObject" | "CopyObject") => missing,
            (Fault::Refuse | Fault::Cancel("ValidationError"), _) => 500,
            (Fault::Hang | Fault::ApplyAndHang, _) if once => return vec![200, 503],
            _ if once => 200,
            // Its answers have no body to say so.
            (Fault::Throttle, "HeadObject") => 503,
            (
                Fault::Throttle
                | Fault::Cancel("ThrottlingError" | "ProvisionedThroughputExceeded")
                | Fault::Unprocessed,
                _,
            ) => 429,
            // Each repeat leaves one key less.
            (Fault::UnprocessedSome, _) => 200,
            _ => 503,
        };
        vec![status]
    }

    /// How long such a call may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        match (&self.fault, self.operation) {
            (Fault::Hang | Fault::ApplyAndHang, "DeleteObject") => ENOUGH,
            (Fault::Hang | Fault::ApplyAndHang, _) => SHORT,
            (_, "TransactWriteItems") if self.times == ALWAYS => ENOUGH,
            _ => PATIENT,
        }
    }

    /// Status that the client of such a call is to be answered, where `ok` is that without any fault.
    pub(crate) fn expected_of_one_call(&self, ok: u16) -> u16 {
        match self.fault {
            Fault::Delay(_) => ok,
            // To who may not list, S3 says so of what is missing: it is put back.
            Fault::Refuse if self.operation == "HeadObject" => 200,
            Fault::Refuse | Fault::Cancel("ValidationError") => 500,
            // The SDK does not repeat what arrived damaged: the client does.
            Fault::Hang | Fault::ApplyAndHang | Fault::Garble => 503,
            _ if self.times == 1 => ok,
            // Its answers have no body to say so.
            Fault::Throttle if self.operation == "HeadObject" => 503,
            Fault::Throttle
            | Fault::Cancel("ThrottlingError" | "ProvisionedThroughputExceeded")
            | Fault::Unprocessed => 429,
            // Each repeat leaves one key less.
            Fault::UnprocessedSome => ok,
            _ => 503,
        }
    }
}
