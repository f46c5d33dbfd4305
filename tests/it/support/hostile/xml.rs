//! XML that is expensive to read: for every format that has it inside.

use super::filled;

/// One way to be expensive: what there is too much of, what comes before it, itself, what ends it.
type Way = (&'static str, &'static str, &'static str, &'static str);

/// Text after the start of an element, before its end.
const WAYS: [Way; 12] = [
    ("elements", "", "<a/>", ""),
    ("elements in one another", "", "<a>", ""),
    ("attributes", "<a ", "a='' ", "/>"),
    ("a text", "<a>", "text ", "</a>"),
    ("entities", "<a>", "&amp;", "</a>"),
    ("characters by number", "<a>", "&#x1F600;", "</a>"),
    ("entities in an attribute", "<a b='", "&lt;", "'/>"),
    ("sections of characters", "<a>", "<![CDATA[]]>", "</a>"),
    ("comments", "", "<!---->", ""),
    ("instructions", "", "<?a?>", ""),
    ("a long name", "<", "a", "/>"),
    ("a long name that never ends", "<", "a", "></b>"),
];

/// The names of the ways, in their order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    WAYS.iter().map(|(name, ..)| *name)
}

/// A document of `size` bytes: `start`, then too much of the way's, then `end`.
pub(crate) fn document(way: usize, start: &str, end: &str, size: usize) -> Vec<u8> {
    let (_, before, part, after) = WAYS[way];
    let rest = size.saturating_sub(start.len() + end.len() + before.len() + after.len());
    let parts = filled(part.as_bytes(), rest);
    [
        start.as_bytes(),
        before.as_bytes(),
        &parts,
        after.as_bytes(),
        end.as_bytes(),
    ]
    .concat()
}
