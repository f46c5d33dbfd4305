//! The protocol of indexes as a model, in which every interleaving is tried: two publishes, a delete, and two readers
//! that fold, crash, lose answers and have swaps arrive late.
//!
//! `docs/INDEXES.md` explains the protocol. Whoever changes `src/indexes/fold.rs` changes `protocol` first.

use std::collections::HashSet;

use protocol::{LeftOut, State};

mod protocol;
mod reader;

/// Explores every state. Returns their number, or the first violation.
fn explore(rule: LeftOut, has_head: bool) -> Result<usize, String> {
    let start = State::start(has_head);
    let mut known = HashSet::from([start]);
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        state.check_alone(rule)?;
        for next in state.next(rule)? {
            if known.insert(next) {
                open.push(next);
            }
        }
    }
    Ok(known.len())
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
