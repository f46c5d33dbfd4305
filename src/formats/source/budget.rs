//! The budget of one reading: the most that a package may cost, whatever it contains.
//!
//! It travels with the source through every layer of a reader, is charged before work is done, and
//! ends in one rejection. Its limits grow with the file's length and with nothing else, so a
//! reader that charges for all that it does is linear in its input.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use crate::cancellation::Cancellation;
use crate::formats::manifest::Rejection;
use crate::formats::source::Source;

/// Bytes read and unpacked whatever the file's own length.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
/// Bytes read and unpacked beyond that, for each byte of the file. Deflate reaches 1,032; packages
/// of text reach 30.
const BYTES_PER_BYTE: u64 = 40;
/// Members, entries, fields, nodes and everything else that is counted.
const MAX_ITEMS: u64 = 1_000_000;
/// Steps whatever the file's own length. A step is as much work as to look at a byte.
const FREE_STEPS: u64 = 64 * 1024 * 1024;
/// Steps beyond that, for each byte of the file.
const STEPS_PER_BYTE: u64 = 10;
/// Bytes that a reader may hold in memory, the blocks aside that are read one after another.
const MAX_KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// Charges between two checks of the clock.
const CHARGES_PER_CLOCK_CHECK: u32 = 64;

/// The remaining means of one reading, shared by all layers of a reader.
pub(crate) struct Budget {
    bytes: Account,
    items: Account,
    steps: Account,
    kept: Account,
    /// The means that ran out first. From then on nothing is granted.
    exhausted: Cell<Option<Exhausted>>,
    cancellation: Cancellation,
    charges: Cell<u32>,
}

/// A limit, and what has been spent of it.
struct Account {
    unit: &'static str,
    limit: u64,
    spent: Cell<u64>,
}

impl Account {
    fn new(unit: &'static str, limit: u64) -> Self {
        Self {
            unit,
            limit,
            spent: Cell::new(0),
        }
    }
}

impl Budget {
    /// The budget for a file of `length` bytes.
    pub(crate) fn new(length: u64, cancellation: Cancellation) -> Self {
        let growing = |per_byte: u64, free| length.saturating_mul(per_byte).saturating_add(free);
        Self {
            bytes: Account::new(
                "bytes to be read and unpacked",
                growing(BYTES_PER_BYTE, FREE_BYTES),
            ),
            items: Account::new("members, entries and fields", MAX_ITEMS),
            steps: Account::new("steps of work", growing(STEPS_PER_BYTE, FREE_STEPS)),
            kept: Account::new("bytes to be kept in memory", MAX_KEPT_BYTES),
            exhausted: Cell::new(None),
            cancellation,
            charges: Cell::new(0),
        }
    }

    /// Charges bytes that were taken in or unpacked.
    pub(crate) fn bytes(&self, count: usize) -> Result<(), Exhausted> {
        self.charge(&self.bytes, count)
    }

    /// Charges members, entries, headers, fields, nodes.
    pub(crate) fn items(&self, count: usize) -> Result<(), Exhausted> {
        self.charge(&self.items, count)
    }

    /// Charges other work: bytes that are compared once more, a table that is built. A step is as much
    /// as to look at a byte.
    pub(crate) fn steps(&self, count: usize) -> Result<(), Exhausted> {
        self.charge(&self.steps, count)
    }

    /// Charges bytes of memory that are held until the reading ends.
    pub(crate) fn keep(&self, count: usize) -> Result<(), Exhausted> {
        self.charge(&self.kept, count)
    }

    fn charge(&self, account: &Account, count: usize) -> Result<(), Exhausted> {
        if let Some(exhausted) = self.exhausted.get() {
            return Err(exhausted);
        }
        let spent = account.spent.get().saturating_add(count as u64);
        account.spent.set(spent);
        if spent > account.limit {
            return Err(self.end(account.limit, account.unit));
        }
        let charges = self.charges.get().wrapping_add(1);
        self.charges.set(charges);
        if charges.is_multiple_of(CHARGES_PER_CLOCK_CHECK) && self.cancellation.is_due() {
            return Err(self.end(0, "seconds"));
        }
        Ok(())
    }

    fn end(&self, limit: u64, unit: &'static str) -> Exhausted {
        let exhausted = Exhausted { limit, unit };
        self.exhausted.set(Some(exhausted));
        exhausted
    }

    /// The rejection, where the budget did not last, whatever error the reader made of it.
    pub(crate) fn refusal(&self) -> Option<Rejection> {
        self.exhausted.get().map(Rejection::from)
    }
}

/// The end of a budget. Becomes the error of the layer that meets it; `formats::read` asks the budget
/// itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted {
    limit: u64,
    unit: &'static str,
}

impl From<Exhausted> for Rejection {
    fn from(exhausted: Exhausted) -> Self {
        Self::new("file", String::from(exhausted))
    }
}

impl From<Exhausted> for String {
    fn from(Exhausted { limit, unit }: Exhausted) -> Self {
        format!(
            "Reading the package takes more than the {limit} {unit} that a file of its size may \
             take; build it again with less in it."
        )
    }
}

impl From<Exhausted> for io::Error {
    fn from(exhausted: Exhausted) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, String::from(exhausted))
    }
}

/// A source under a budget: what a reader reads. Every byte that is taken in is charged.
pub(crate) struct Metered<'a> {
    source: &'a mut dyn Source,
    budget: &'a Budget,
}

impl<'a> Metered<'a> {
    pub(crate) fn new(source: &'a mut dyn Source, budget: &'a Budget) -> Self {
        Self { source, budget }
    }

    /// The budget, for the layers above.
    pub(crate) fn budget(&self) -> &'a Budget {
        self.budget
    }
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.budget.bytes(read)?;
        Ok(read)
    }
}

impl Seek for Metered<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        self.source.seek(target)
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    //! Budgets for the tests of the layers below a reader.

    use super::{Budget, Cancellation};

    /// The budget of a file of a megabyte.
    pub(crate) fn ample() -> Budget {
        Budget::new(1 << 20, Cancellation::default())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::Instant;

    use super::fixtures::ample;
    use super::*;

    fn spent(charge: impl Fn(&Budget) -> Result<(), Exhausted>) -> String {
        let budget = ample();
        assert_eq!(charge(&budget), Ok(()));
        while charge(&budget).is_ok() {}
        budget.refusal().unwrap().message
    }

    #[test]
    fn whatever_runs_out_ends_in_one_sentence() {
        let message = |what: &str| {
            format!(
                "Reading the package takes more than the {what} that a file of its size may take; \
                 build it again with less in it."
            )
        };
        assert_eq!(
            spent(|budget| budget.bytes(50_000)),
            message("109051904 bytes to be read and unpacked")
        );
        assert_eq!(
            spent(|budget| budget.items(1)),
            message("1000000 members, entries and fields")
        );
        assert_eq!(
            spent(|budget| budget.steps(50_000)),
            message("77594624 steps of work")
        );
        assert_eq!(
            spent(|budget| budget.keep(50_000)),
            message("33554432 bytes to be kept in memory")
        );
    }

    #[test]
    fn limits_grow_with_the_length_of_the_file() {
        let bytes = |length| Budget::new(length, Cancellation::default()).bytes.limit;
        assert_eq!(bytes(0), 64 * 1024 * 1024);
        assert_eq!(bytes(1_000), 64 * 1024 * 1024 + 40_000);
        assert_eq!(bytes(u64::MAX), u64::MAX);
    }

    #[test]
    fn nothing_is_granted_after_the_end() {
        let budget = ample();
        let ended = budget.keep(usize::MAX).unwrap_err();
        assert_eq!(budget.bytes(0), Err(ended));
        assert_eq!(budget.items(1), Err(ended));
        assert_eq!(budget.refusal(), Some(ended.into()));
    }

    #[test]
    fn bytes_that_are_taken_in_are_charged() {
        let budget = Budget::new(0, Cancellation::default());
        let mut endless = Cursor::new(vec![0; 1 << 20]);
        let mut metered = Metered::new(&mut endless, &budget);
        let error = loop {
            metered.rewind().unwrap();
            if let Err(error) = io::copy(&mut metered, &mut io::sink()) {
                break error;
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
        assert_eq!(error.to_string(), budget.refusal().unwrap().message);
    }

    #[test]
    fn readings_end_in_time_or_without_waiters() {
        let due = Cancellation::at(Instant::now());
        let dropped = Cancellation::default();
        drop(dropped.guard());
        for cancellation in [due, dropped] {
            let budget = Budget::new(0, cancellation.clone());
            let granted = (0..1_000).take_while(|_| budget.items(1).is_ok()).count();
            assert!(granted < 64, "{granted}");
            assert!(cancellation.has_ended());
        }
    }
}
