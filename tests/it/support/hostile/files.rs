//! File names as attackers make them: of a file of any kind nothing else is read.
//!
//! The content is as large as may be, and means nothing.

use super::{Family, filled};

/// Bytes of a name, of which 255 are read at all.
const LONGEST: usize = 240;

/// A way to be expensive, and the file's name.
type Named = (&'static str, fn() -> String);

pub(crate) fn families() -> Vec<Family> {
    let ways: [Named; 6] = [
        ("a long name", || format!("{}-1.0.0", "x".repeat(LONGEST))),
        ("hyphens before versions", || "a-1.0.0".repeat(LONGEST / 7)),
        ("dots", || format!("a-1.0.0-{}", "a.".repeat(LONGEST / 2))),
        ("numbers", || format!("a-{}exe-", "1.".repeat(LONGEST / 2))),
        ("versions of four numbers", || "-1.2.3.4".repeat(LONGEST / 8)),
        ("letters of several bytes", || {
            format!("{}-1.0.0.", "\u{e9}".repeat(LONGEST / 2))
        }),
    ];
    let family = |(name, filename): Named| Family {
        name,
        ecosystem: "files",
        filename: filename().leak(),
        build: |size| filled(b"any", size),
    };
    ways.map(family).into()
}
