//! State and steps of builds in small: one index that readers fold into, and another that is built from all packages
//! meanwhile, for the first time or once more. Packages `a` and `b` are published, `a` is deleted.
//!
//! Transactions are visible at once, and records are read at once: the other model takes them apart.

use super::protocol::{A, B, DELETED_A, PUBLISHED_A, PUBLISHED_B, Violation};

/// Readings after which a reader gives up.
const MAX_RETRIES: u8 = 1;

/// A rule of builds that is left out, to see that it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    Nothing,
    /// A new index has a head before anything is read for it.
    PlannedHead,
    /// No change is removed while a head is claimed.
    KeptChanges,
    /// A build takes the place of a head only where its claim is still there.
    Claim,
    /// A build takes the place of a head only where it is the one that was seen.
    Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Head {
    is_there: bool,
    is_usable: bool,
    is_claimed: bool,
    revision: u8,
    content: u8,
    folded: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Place {
    #[default]
    NotBegun,
    Changes,
    ScansA,
    ScansB,
    Heads,
    Records,
    Swap,
    Removes,
    Ended,
}

/// A reader, or the builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Actor {
    place: Place,
    seen: u8,
    heads: [Head; 2],
    new: Head,
    must: u8,
    must_not: u8,
    retries: u8,
}

/// Everything at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct State {
    published: u8,
    is_deleted: bool,
    removed: u8,
    heads: [Head; 2],
    revisions: u8,
    builder: Actor,
    /// One of each index.
    readers: [Actor; 2],
}

impl State {
    /// The state before everything: the index to be built is new, or is to be built once more.
    pub(super) fn start(is_new: bool) -> Self {
        let empty = Head {
            is_there: true,
            is_usable: true,
            ..Head::default()
        };
        let built = if is_new { Head::default() } else { empty };
        Self {
            heads: [empty, built],
            ..Self::default()
        }
    }

    fn present(&self) -> u8 {
        self.published & if self.is_deleted { B } else { A | B }
    }

    fn changes(&self) -> u8 {
        let deleted = if self.is_deleted { DELETED_A } else { 0 };
        // Those of publishes have the bits of their packages.
        (self.published | deleted) & !self.removed
    }

    /// Checks what a lone reader of either index would show from now on.
    fn check_alone(&self) -> Result<(), Violation> {
        for head in self.heads.iter().filter(|head| head.is_usable) {
            let open = packages_of(self.changes() & !head.folded);
            let content = head.content & !open | self.present() & open;
            if content != self.present() {
                return Err(format!("for ever: {content:#b} of {:#b}", self.present()));
            }
        }
        Ok(())
    }

    /// Every state that may come next, or a violation.
    pub(super) fn next(&self, rule: LeftOut) -> Result<Vec<Self>, Violation> {
        self.check_alone()?;
        let mut next = Vec::new();
        for package in [A, B].into_iter().filter(|package| self.published & package == 0) {
            let mut state = *self;
            state.published |= package;
            next.push(state);
        }
        if self.published & A != 0 && !self.is_deleted {
            let mut state = *self;
            state.is_deleted = true;
            next.push(state);
        }
        next.extend(self.after_builder(rule));
        for number in 0..2 {
            next.extend(self.after_reader(number, rule)?);
        }
        Ok(next)
    }

    fn after_builder(&self, rule: LeftOut) -> Option<Self> {
        let mut state = *self;
        let mut own = self.builder;
        own.place = match own.place {
            Place::NotBegun => {
                let head = &mut state.heads[1];
                if rule != LeftOut::PlannedHead || head.is_there {
                    state.revisions += 1;
                    head.revision = state.revisions;
                    (head.is_there, head.is_claimed) = (true, true);
                }
                Place::Changes
            }
            Place::Changes => {
                own.seen = self.changes();
                Place::ScansA
            }
            Place::ScansA => {
                own.new.content |= self.present() & A;
                Place::ScansB
            }
            Place::ScansB => {
                own.new.content |= self.present() & B;
                own.new.folded = believed(own.seen, own.seen, own.new.content);
                Place::Heads
            }
            Place::Heads => {
                own.heads = self.heads;
                let is_ours = own.heads[1].is_claimed || !own.heads[1].is_there;
                if is_ours || rule == LeftOut::Claim {
                    Place::Swap
                } else {
                    Place::Ended
                }
            }
            Place::Swap => {
                if state.replace(1, &mut own, rule) {
                    Place::Removes
                } else {
                    Place::Heads
                }
            }
            Place::Removes => {
                state.removed |= own.removable(1, rule) & self.changes();
                Place::Ended
            }
            Place::Records | Place::Ended => return None,
        };
        state.builder = own;
        Some(state)
    }

    /// Puts a new head in the place of the one that was seen, if it is still there.
    fn replace(&mut self, index: usize, own: &mut Actor, rule: LeftOut) -> bool {
        let is_seen = own.heads[index].revision == self.heads[index].revision;
        if !is_seen && rule != LeftOut::Condition {
            return false;
        }
        self.revisions += 1;
        own.new.revision = self.revisions;
        (own.new.is_there, own.new.is_usable) = (true, true);
        own.heads[index] = own.new;
        self.heads[index] = own.new;
        true
    }

    fn after_reader(&self, index: usize, rule: LeftOut) -> Result<Vec<Self>, Violation> {
        let mut state = *self;
        let mut own = self.readers[index];
        own.place = match own.place {
            Place::NotBegun => {
                own.must = self.published;
                own.must_not = if self.is_deleted { A } else { 0 };
                own.seen = self.changes();
                Place::Heads
            }
            Place::Heads => {
                own.heads = self.heads;
                let head = own.heads[index];
                own.new = head;
                match (head.is_usable, own.seen & !head.folded) {
                    // It waits, or builds the index itself.
                    (false, _) => return Ok(Vec::new()),
                    (true, 0) => Place::Ended,
                    (true, _) => Place::Records,
                }
            }
            Place::Records => {
                let open = own.seen & !own.new.folded;
                let present = self.present() & packages_of(open);
                let believed = believed(own.seen, open, present);
                let taken = packages_of(believed);
                own.new.content = own.new.content & !taken | present & taken;
                own.new.folded = own.new.folded & own.seen | believed;
                if believed == 0 { Place::Ended } else { Place::Swap }
            }
            Place::Swap => return Ok(self.after_swap(index, rule)),
            Place::Removes => {
                self.show(&own)?;
                state.removed |= own.removable(index, rule) & self.changes();
                own.place = Place::Ended;
                state.readers[index] = own;
                return Ok(vec![state]);
            }
            Place::Changes | Place::ScansA | Place::ScansB | Place::Ended => return Ok(Vec::new()),
        };
        if own.place == Place::Ended {
            self.show(&own)?;
        }
        state.readers[index] = own;
        Ok(vec![state])
    }

    /// A fold leaves the claim of the head that it replaces, or takes away one that was given up.
    fn after_swap(&self, index: usize, rule: LeftOut) -> Vec<Self> {
        let mut next = Vec::new();
        let was_claimed = self.readers[index].new.is_claimed;
        let choices: &[bool] = if was_claimed { &[true, false] } else { &[false] };
        for is_claimed in choices {
            let mut state = *self;
            let mut own = self.readers[index];
            own.new.is_claimed = *is_claimed;
            own.place = if state.replace(index, &mut own, rule) {
                Place::Removes
            } else if own.retries < MAX_RETRIES {
                own.retries += 1;
                own.seen = self.changes();
                Place::Heads
            } else {
                return next;
            };
            state.readers[index] = own;
            next.push(state);
        }
        next
    }

    /// Checks what a reader shows.
    fn show(&self, reader: &Actor) -> Result<(), Violation> {
        let content = reader.new.content;
        // A delete that has begun may be shown.
        let must = reader.must & if self.is_deleted { B } else { A | B };
        if must & !content != 0 || content & reader.must_not != 0 {
            return Err(format!("{content:#b} is shown, {must:#b} was there before"));
        }
        Ok(())
    }
}

impl Actor {
    /// Changes that may be removed after the head of this index was replaced.
    fn removable(&self, index: usize, rule: LeftOut) -> u8 {
        let other = self.heads[1 - index];
        let is_claimed = self.new.is_claimed || other.is_claimed;
        if is_claimed && rule != LeftOut::KeptChanges {
            return 0;
        }
        let everywhere = self.seen & self.new.folded & if other.is_there { other.folded } else { !0 };
        everywhere
            | if everywhere & DELETED_A == 0 {
                0
            } else {
                PUBLISHED_A
            }
    }
}

fn packages_of(changes: u8) -> u8 {
    changes & PUBLISHED_B
        | if changes & (PUBLISHED_A | DELETED_A) == 0 {
            0
        } else {
            A
        }
}

/// The open changes that the records do not contradict.
fn believed(seen: u8, open: u8, present: u8) -> u8 {
    let is_deleted = seen & DELETED_A != 0;
    let a = if is_deleted == (present & A != 0) {
        0
    } else {
        PUBLISHED_A | DELETED_A
    };
    open & (a | present & PUBLISHED_B)
}
