//! Source distributions as attackers make them.

use super::deflate::gzip;
use super::tgz::{self, member};
use super::{Family, Way, filled};

const FILENAME: &str = "banana-1.0.0.tar.gz";
/// Bytes of metadata that are read.
const LARGEST: usize = 16 * 1024 * 1024;
const START: &[u8] = b"Name: banana\nVersion: 1.0.0\n";

pub(crate) fn families() -> Vec<Family> {
    let own = |(name, build)| Family {
        name,
        ecosystem: "python",
        filename: FILENAME,
        build,
    };
    let ways: [Way; 7] = [
        ("fields", |size| sdist(START, b"a:\n", size)),
        ("fields of one kept name", |size| {
            sdist(START, b"Classifier:x\n", size)
        }),
        ("continued lines", |size| sdist(b"Name:\n", b" x\n", size)),
        ("a text in Latin-1", |size| {
            let start = [START, b"License: "].concat();
            sdist(&start, b"\xe9", size.min(4_000_000))
        }),
        ("a name of hyphens", |size| sdist(b"Name: ", b"-", size)),
        ("lines that are passed over", |size| {
            sdist(b"From x\n", b":\n", size)
        }),
        ("a body", |size| sdist(b"Version: 1\n\n", b"x\n", size)),
    ];
    let mut families = tgz::families("python", FILENAME);
    families.extend(ways.map(own));
    families
}

/// A `PKG-INFO` of `part` again and again.
fn sdist(start: &[u8], part: &[u8], size: usize) -> Vec<u8> {
    let contents = [start, &filled(part, size.min(LARGEST) - start.len())].concat();
    gzip(&member("banana-1.0.0/PKG-INFO", b'0', &contents))
}
