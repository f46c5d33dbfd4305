//! The protocol of indexes as a model, in which every interleaving is tried: two publishes, a delete, and two readers
//! that fold, crash, lose answers and have swaps arrive late. And in a second model, an index that is built meanwhile.
//!
//! `docs/INDEXES.md` explains the protocol. Whoever changes `src/indexes/fold.rs` changes `protocol` first.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use protocol::{LeftOut, State, Violation};

mod builds;
mod protocol;
mod reader;

/// A hash for many small states: that of the standard library takes most of the time.
#[derive(Default)]
struct Fast(u64);

impl Hasher for Fast {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 = (self.0.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517C_C1B7_2722_0A95);
    }

    fn write_isize(&mut self, number: isize) {
        self.write_u8(number.to_le_bytes()[0]);
    }
}

/// Explores every state. Returns their number, or the first violation.
fn explore_from<S: Copy + Eq + Hash>(
    start: S,
    next: impl Fn(&S) -> Result<Vec<S>, Violation>,
) -> Result<usize, Violation> {
    let mut known: HashSet<S, BuildHasherDefault<Fast>> = [start].into_iter().collect();
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        for next in next(&state)? {
            if known.insert(next) {
                open.push(next);
            }
        }
    }
    Ok(known.len())
}

fn explore(rule: LeftOut, has_head: bool) -> Result<usize, Violation> {
    explore_from(State::start(has_head), |state| {
        state.check_alone(rule)?;
        state.next(rule)
    })
}

fn explore_builds(rule: builds::LeftOut, is_new: bool) -> Result<usize, Violation> {
    explore_from(builds::State::start(is_new), |state| state.next(rule))
}

#[test]
fn protocol_shows_what_was_answered() {
    for has_head in [true, false] {
        let states = explore(LeftOut::Nothing, has_head).expect("no violation");
        assert!(states > 100_000, "{states} states");
    }
}

#[test]
fn every_rule_is_needed() {
    for rule in [
        LeftOut::HeadsAfterChanges,
        LeftOut::Condition,
        LeftOut::Contradictions,
        LeftOut::PlainReads,
        LeftOut::RemovalAfterSwap,
        LeftOut::Certainty,
        LeftOut::EveryChange,
    ] {
        let explored = explore(rule, true);
        assert!(explored.is_err(), "{rule:?} is not needed: {explored:?}");
    }
}

#[test]
fn builds_lose_nothing_that_comes_meanwhile() {
    for is_new in [true, false] {
        let states = explore_builds(builds::LeftOut::Nothing, is_new).expect("no violation");
        assert!(states > 10_000, "{states} states");
    }
}

#[test]
fn every_rule_of_builds_is_needed() {
    for (rule, is_new) in [
        (builds::LeftOut::PlannedHead, true),
        (builds::LeftOut::KeptChanges, false),
        (builds::LeftOut::Claim, false),
        (builds::LeftOut::Condition, false),
    ] {
        let explored = explore_builds(rule, is_new);
        assert!(explored.is_err(), "{rule:?} is not needed: {explored:?}");
    }
}
