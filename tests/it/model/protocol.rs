//! State and steps of the protocol in small: packages `a` and `b` are published, `a` is deleted, readers fold.
//!
//! A transaction becomes visible item by item, as DynamoDB promises it to plain reads. Its first item stands for its
//! beginning and its last for its answer. A reader that has crashed is one that takes no further step.

use super::reader::{Head, MAX_READINGS, Place, Reader};

pub(super) const A: u8 = 1;
pub(super) const B: u8 = 2;

/// Changes in the order of their keys.
pub(super) const PUBLISHED_A: u8 = 1;
pub(super) const PUBLISHED_B: u8 = 2;
pub(super) const DELETED_A: u8 = 4;
pub(super) const CHANGES: [u8; 3] = [PUBLISHED_A, PUBLISHED_B, DELETED_A];

/// A rule of the protocol that is left out, to see that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    Nothing,
    /// Heads are read after changes.
    HeadsAfterChanges,
    /// A head is replaced only where it is the one that was seen.
    Condition,
    /// A change whose record contradicts it is left.
    Contradictions,
    /// A package is taken out by a plain read of its record, not by its delete's change.
    PlainReads,
    /// Changes are removed after the head was replaced.
    RemovalAfterSwap,
    /// Changes are removed only where it is certain that the head was replaced.
    Certainty,
    /// Every change counts, not only those above the highest that was folded.
    EveryChange,
}

/// Everything at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct State {
    /// Of each transaction: bit 0, its package's record; bit 1, its change.
    published: [u8; 2],
    deleted: u8,
    removed: u8,
    head: Head,
    revisions: u8,
    readers: [Reader; 2],
}

/// Content that a reader should not have been shown.
pub(super) type Violation = String;

impl State {
    /// The state before everything, with an empty index or with none.
    pub(super) fn start(has_head: bool) -> Self {
        let head = Head {
            is_there: has_head,
            ..Head::default()
        };
        Self {
            head,
            ..Self::default()
        }
    }

    fn present(&self) -> u8 {
        let a = self.published[0] & 1 & !(self.deleted & 1);
        a | (self.published[1] & 1) << 1
    }

    fn changes(&self) -> u8 {
        let [a, b] = self.published.map(|items| items >> 1);
        (a | b << 1 | (self.deleted >> 1) << 2) & !self.removed
    }

    fn answered(&self) -> u8 {
        let [a, b] = self.published.map(|items| u8::from(items == 3));
        a | b << 1
    }

    /// Whether no transaction is half visible.
    fn is_quiet(&self) -> bool {
        let of = [self.published[0], self.published[1], self.deleted];
        of.iter().all(|items| matches!(items, 0 | 3))
    }

    /// Checks the content that a lone reader would show who begins now, where nothing else happens.
    pub(super) fn check_alone(&self, rule: LeftOut) -> Result<(), Violation> {
        if !self.is_quiet() {
            return Ok(());
        }
        let mut reader = Reader {
            seen: self.changes(),
            head: self.head,
            present: self.present(),
            ..Reader::default()
        };
        reader.decide(rule);
        if reader.new.content == self.present() {
            return Ok(());
        }
        Err(format!(
            "for ever: {:#b} is shown, {:#b} is there",
            reader.new.content,
            self.present()
        ))
    }

    /// Every state that may come next, or a violation on the way.
    pub(super) fn next(&self, rule: LeftOut) -> Result<Vec<Self>, Violation> {
        let mut next = Vec::new();
        for number in 0..2 {
            for item in [1, 2] {
                if self.published[number] & item == 0 {
                    let mut state = *self;
                    state.published[number] |= item;
                    next.push(state);
                }
            }
        }
        // A delete may begin as soon as the package can be seen.
        for item in [1, 2] {
            if self.deleted & item == 0 && (self.deleted != 0 || self.published[0] & 1 != 0) {
                let mut state = *self;
                state.deleted |= item;
                next.push(state);
            }
        }
        for number in 0..2 {
            self.next_of(number, rule, &mut next)?;
        }
        // Readers are alike: it does not matter which is which.
        for state in &mut next {
            state.readers.sort_unstable();
        }
        Ok(next)
    }

    fn next_of(&self, number: usize, rule: LeftOut, next: &mut Vec<Self>) -> Result<(), Violation> {
        let mut state = *self;
        let reader = self.readers[number];
        next.extend(self.with_late_swap(number));
        let own = &mut state.readers[number];
        match reader.place {
            Place::NotBegun => {
                own.must = self.answered();
                own.must_not = if self.deleted == 3 { A } else { 0 };
                own.begin(rule);
            }
            Place::Changes => {
                own.seen |= self.changes() & CHANGES[usize::from(reader.position)];
                own.position += 1;
                if own.position == 3 {
                    let heads_first = rule == LeftOut::HeadsAfterChanges;
                    own.place = if heads_first {
                        own.after_heads(rule)
                    } else {
                        Place::Heads
                    };
                }
            }
            Place::Heads => {
                own.head = self.head;
                let heads_first = rule == LeftOut::HeadsAfterChanges;
                own.place = if heads_first {
                    Place::Changes
                } else {
                    own.after_heads(rule)
                };
            }
            Place::Records => return self.read_records(number, rule, next),
            Place::Swap => return self.swap(number, rule, next),
            Place::Unanswered => return self.without_answer(number, rule, next),
            Place::ReadsBack => {
                if self.head.revision == own.new.revision {
                    own.place = own.after_swap(rule);
                } else {
                    own.again(rule);
                }
            }
            Place::Removes => {
                self.remove(number, rule, next);
                return Ok(());
            }
            Place::Ended => return Ok(()),
        }
        state.show(number)?;
        next.push(state);
        Ok(())
    }

    /// A swap that was held arrives, whether or not anybody still waits for it.
    fn with_late_swap(&self, number: usize) -> Option<Self> {
        let reader = self.readers[number];
        let is_seen =
            self.head.revision == reader.head.revision && self.head.is_there == reader.head.is_there;
        let mut state = *self;
        state.head = reader.new;
        state.readers[number].is_held = false;
        (reader.is_held && is_seen).then_some(state)
    }

    /// Reads one record, whichever comes first.
    fn read_records(&self, number: usize, rule: LeftOut, next: &mut Vec<Self>) -> Result<(), Violation> {
        let reader = self.readers[number];
        let unread = reader.packages(rule) & !reader.read;
        for package in [A, B].into_iter().filter(|package| unread & package != 0) {
            let mut state = *self;
            let own = &mut state.readers[number];
            own.read |= package;
            own.present |= self.present() & package;
            own.after_records(rule);
            state.show(number)?;
            next.push(state);
        }
        Ok(())
    }

    /// Removes one change: those of publishes before that of the delete.
    fn remove(&self, number: usize, rule: LeftOut, next: &mut Vec<Self>) {
        let removes = self.readers[number].removes;
        let first = removes & !DELETED_A;
        let group = if first == 0 { removes } else { first };
        for change in CHANGES.into_iter().filter(|change| group & change != 0) {
            let mut state = *self;
            state.removed |= change & self.changes();
            let own = &mut state.readers[number];
            own.removes &= !change;
            if own.removes == 0 {
                own.place = own.after_removal(rule);
            }
            next.push(state);
        }
    }

    fn swap(&self, number: usize, rule: LeftOut, next: &mut Vec<Self>) -> Result<(), Violation> {
        let mut state = *self;
        state.revisions += 1;
        let seen = state.readers[number].head;
        let own = &mut state.readers[number];
        own.new.revision = state.revisions;
        let is_seen = self.head.revision == seen.revision && self.head.is_there == seen.is_there;
        let mut held = state;
        held.readers[number].place = Place::Unanswered;
        held.readers[number].is_held = true;
        next.push(held);
        if is_seen || rule == LeftOut::Condition {
            state.head = state.readers[number].new;
            let mut lost = state;
            lost.readers[number].place = Place::Unanswered;
            next.push(lost);
            let own = &mut state.readers[number];
            own.place = own.after_swap(rule);
            state.show(number)?;
        } else {
            state.readers[number].again(rule);
        }
        next.push(state);
        Ok(())
    }

    /// The reader gives up, or sends the same put again.
    fn without_answer(&self, number: usize, rule: LeftOut, next: &mut Vec<Self>) -> Result<(), Violation> {
        let mut gone = *self;
        let own = &mut gone.readers[number];
        own.place = Place::Ended;
        if rule == LeftOut::Certainty {
            own.removes = own.removable();
            own.place = if own.removes == 0 {
                Place::Ended
            } else {
                Place::Removes
            };
            own.must = 0;
        }
        next.push(gone);
        let mut state = *self;
        let own = &mut state.readers[number];
        own.is_held = false;
        let is_seen = self.head.revision == own.head.revision && self.head.is_there == own.head.is_there;
        if is_seen {
            own.place = own.after_swap(rule);
            state.head = own.new;
            state.show(number)?;
        } else {
            own.place = Place::ReadsBack;
        }
        next.push(state);
        Ok(())
    }

    /// Checks what a reader shows that has come to its end.
    fn show(&self, number: usize) -> Result<(), Violation> {
        let reader = self.readers[number];
        if !matches!(reader.place, Place::Ended | Place::Removes) || reader.readings > MAX_READINGS {
            return Ok(());
        }
        let content = reader.new.content;
        // A delete that has begun may be shown.
        let must = reader.must & if self.deleted == 0 { !0 } else { !A };
        if must & !content != 0 {
            return Err(format!("{content:#b} is shown, {must:#b} was published before"));
        }
        if content & reader.must_not != 0 {
            return Err(format!("{content:#b} is shown, a was deleted before"));
        }
        Ok(())
    }
}
