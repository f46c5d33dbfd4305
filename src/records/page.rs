//! Pages of lists whose ids are in the order of time: newest first, from any place in either direction.

/// Direction in which a list is read from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Older,
    Newer,
}

/// Place where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<Id> {
    /// At the newest item.
    First,
    /// Beside this one, with those that are older.
    After(Id),
    /// Beside this one, with those that are newer.
    Before(Id),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// Its items, newest first.
    pub items: Vec<T>,
    /// Whether there is a page of newer ones.
    pub has_newer: bool,
    /// Whether there is a page of older ones.
    pub has_older: bool,
}

impl<Id: Copy> Place<Id> {
    /// Direction in which the list is to be read, and the item beside which it begins.
    pub(crate) fn start(self) -> (Direction, Option<Id>) {
        match self {
            Self::First => (Direction::Older, None),
            Self::After(id) => (Direction::Older, Some(id)),
            Self::Before(id) => (Direction::Newer, Some(id)),
        }
    }

    /// The page of what was read from here: one item more than it holds tells whether there is a further page on
    /// that side.
    pub(crate) fn page<T>(self, mut items: Vec<T>, per_page: usize) -> Page<T> {
        let has_more = items.len() > per_page;
        items.truncate(per_page);
        let (has_newer, has_older) = match self {
            Self::First => (false, has_more),
            Self::After(_) => (true, has_more),
            Self::Before(_) => {
                items.reverse();
                (has_more, true)
            }
        };
        Page {
            items,
            has_newer,
            has_older,
        }
    }
}
