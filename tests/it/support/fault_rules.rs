//! Rules by which calls meet faults: the next so many calls of an operation, or every so many.

use std::collections::VecDeque;

use super::fault::Fault;

/// Rules of all operations.
#[derive(Debug, Default)]
pub(super) struct FaultRules(Vec<Rule>);

/// Faults of the calls of one operation.
#[derive(Debug)]
struct Rule {
    operation: &'static str,
    /// Faults of the next calls, one after another, each so many times; then none any more.
    next: VecDeque<(Fault, usize)>,
    /// A fault of the first of every so many calls, and the place of the next call among them.
    every: Option<(Fault, usize, usize)>,
}

impl FaultRules {
    /// Lets `fault` happen to the next `times` calls of `operation`, after what was to happen before.
    pub(super) fn push(&mut self, operation: &'static str, fault: Fault, times: usize) {
        self.rule(operation).next.push_back((fault, times));
    }

    /// Lets `fault` happen to the next call of `operation`, and then to one in `share`, as long as nothing else is to
    /// happen to it.
    pub(super) fn repeat(&mut self, operation: &'static str, fault: Fault, share: usize) {
        self.rule(operation).every = Some((fault, share, 0));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault of a call that is met now.
    pub(super) fn meet(&mut self, operation: &str) -> Option<Fault> {
        let rule = self.0.iter_mut().find(|rule| rule.operation == operation)?;
        if let Some((fault, times)) = rule.next.front_mut() {
            let fault = fault.clone();
            *times -= 1;
            if *times == 0 {
                rule.next.pop_front();
            }
            return Some(fault);
        }
        let (fault, share, place) = rule.every.as_mut()?;
        let is_first = *place == 0;
        *place = (*place + 1) % *share;
        is_first.then(|| fault.clone())
    }

    fn rule(&mut self, operation: &'static str) -> &mut Rule {
        if let Some(at) = self.0.iter().position(|rule| rule.operation == operation) {
            return &mut self.0[at];
        }
        self.0.push(Rule {
            operation,
            next: VecDeque::new(),
            every: None,
        });
        self.0.last_mut().expect("a rule")
    }
}
