//! Faults of one call of AWS, as the cases of a test.

use super::fault::Fault;
use super::fault_proxy::{ALWAYS, FaultProxy};

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
}
