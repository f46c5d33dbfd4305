//! A reader: what it has read so far, and what it makes of it.

use super::protocol::{A, B, CHANGES, DELETED_A, LeftOut, PUBLISHED_A, PUBLISHED_B};

/// Readings after which a reader gives up.
pub(super) const MAX_READINGS: u8 = 3;

/// Place of a reader in `src/indexes/fold.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) enum Place {
    #[default]
    NotBegun,
    Changes,
    Heads,
    Records,
    Swap,
    /// No answer to the swap came. It may be applied, or arrive later.
    Unanswered,
    ReadsBack,
    Removes,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Head {
    pub(super) is_there: bool,
    pub(super) revision: u8,
    pub(super) content: u8,
    pub(super) folded: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(super) struct Reader {
    pub(super) place: Place,
    pub(super) readings: u8,
    /// Changes read so far, as their number and as a set.
    pub(super) position: u8,
    pub(super) seen: u8,
    /// Those of the first reading.
    pub(super) wanted: u8,
    pub(super) head: Head,
    /// Packages whose records were read, and those that were there.
    pub(super) read: u8,
    pub(super) present: u8,
    /// The head to be put.
    pub(super) new: Head,
    pub(super) removes: u8,
    /// Whether the swap is still in the network.
    pub(super) is_held: bool,
    /// Packages whose publish was answered before it began; whether the delete was.
    pub(super) must: u8,
    pub(super) must_not: u8,
}

impl Reader {
    pub(super) fn begin(&mut self, rule: LeftOut) {
        self.place = if rule == LeftOut::HeadsAfterChanges {
            Place::Heads
        } else {
            Place::Changes
        };
    }

    /// Begins again: another's head has come first.
    pub(super) fn again(&mut self, rule: LeftOut) {
        *self = Self {
            readings: self.readings + 1,
            wanted: self.wanted,
            must: self.must,
            must_not: self.must_not,
            ..Self::default()
        };
        if self.readings > MAX_READINGS {
            self.place = Place::Ended;
        } else {
            self.begin(rule);
        }
    }

    pub(super) fn open(&self, rule: LeftOut) -> u8 {
        if rule == LeftOut::EveryChange {
            let highest = CHANGES
                .into_iter()
                .filter(|change| self.head.folded & change != 0)
                .max();
            return self.seen & !(highest.unwrap_or(0) * 2).saturating_sub(1);
        }
        self.seen & if self.head.is_there { !self.head.folded } else { !0 }
    }

    /// Packages whose records are to be read: of the open changes, or all for a first index.
    pub(super) fn packages(&self, rule: LeftOut) -> u8 {
        if !self.head.is_there {
            return A | B;
        }
        let open = self.open(rule);
        let a = if open & (PUBLISHED_A | DELETED_A) == 0 {
            0
        } else {
            A
        };
        a | if open & PUBLISHED_B == 0 { 0 } else { B }
    }

    pub(super) fn after_heads(&mut self, rule: LeftOut) -> Place {
        if self.readings == 0 {
            self.wanted = self.seen;
        }
        if self.head.is_there && self.open(rule) & self.wanted == 0 {
            self.new = self.head;
            return Place::Ended;
        }
        Place::Records
    }

    pub(super) fn after_records(&mut self, rule: LeftOut) {
        if self.packages(rule) & !self.read != 0 {
            return;
        }
        let believes = self.decide(rule);
        self.place = if !believes && self.head.is_there {
            Place::Ended
        } else if rule == LeftOut::RemovalAfterSwap {
            self.removes = self.removable();
            if self.removes == 0 {
                Place::Swap
            } else {
                Place::Removes
            }
        } else {
            Place::Swap
        };
    }

    /// Makes the new head of what was read. Returns whether any change was believed.
    pub(super) fn decide(&mut self, rule: LeftOut) -> bool {
        let open = self.open(rule);
        let mut believed = 0;
        let mut content = self.head.content;
        for (package, changes) in [(A, PUBLISHED_A | DELETED_A), (B, PUBLISHED_B)] {
            let is_deleted = self.seen & changes & DELETED_A != 0;
            let is_present = self.present & package != 0;
            let contradicts = is_deleted == is_present;
            let is_left = match rule {
                LeftOut::Contradictions => false,
                LeftOut::PlainReads if is_deleted => false,
                _ => contradicts,
            };
            if !is_left {
                believed |= open & changes;
            }
            if open & changes & believed != 0 || !self.head.is_there {
                let takes = is_present && !(rule == LeftOut::PlainReads && is_deleted);
                content = if takes {
                    content | package
                } else {
                    content & !package
                };
            }
        }
        self.new = Head {
            is_there: true,
            revision: self.head.revision,
            content,
            folded: self.head.folded & self.seen | believed,
        };
        if believed == 0 && self.head.is_there {
            self.new = self.head;
        }
        believed != 0
    }

    pub(super) fn removable(&self) -> u8 {
        let gone = self.seen & self.new.folded;
        gone | if gone & DELETED_A == 0 { 0 } else { PUBLISHED_A }
    }

    pub(super) fn after_swap(&mut self, rule: LeftOut) -> Place {
        if rule != LeftOut::RemovalAfterSwap {
            self.removes = self.removable();
        }
        if self.removes == 0 {
            Place::Ended
        } else {
            Place::Removes
        }
    }

    pub(super) fn after_removal(&self, rule: LeftOut) -> Place {
        let is_swapped = self.new.revision != self.head.revision;
        if rule == LeftOut::RemovalAfterSwap && !is_swapped {
            return Place::Swap;
        }
        Place::Ended
    }
}
