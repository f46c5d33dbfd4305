//! npm packages as attackers make them.

use super::deflate::gzip;
use super::tgz::{self, member};
use super::{Family, Way, filled};

const FILENAME: &str = "banana-1.0.0.tgz";
/// Bytes of `package.json` that are read.
const LARGEST: usize = 4 * 1024 * 1024;

pub(crate) fn families() -> Vec<Family> {
    let own = |(name, build)| Family {
        name,
        ecosystem: "javascript",
        filename: FILENAME,
        build,
    };
    let ways: [Way; 9] = [
        ("commands", commands),
        ("values", |size| package(b"{\"x\":[", b"1,", b"1]}", size)),
        ("members", |size| package(b"{", b"\"a\":1,", b"\"a\":1}", size)),
        ("deep arrays", |size| package(b"", b"[", b"", size)),
        ("deep objects", |size| package(b"", b"{\"\":", b"", size)),
        ("escapes", |size| {
            package(
                b"{\"name\":\"a\",\"version\":\"1.0.0\",\"x\":\"",
                b"\\\\",
                b"\"}",
                size,
            )
        }),
        ("surrogates", |size| {
            package(b"{\"name\":\"", b"\\ud800", b"\"}", size)
        }),
        ("bytes that are not UTF-8", |size| {
            package(b"{\"x\":\"", b"\xff", b"\"}", size)
        }),
        ("white space", |size| package(b"{", b" \n", b"}", size)),
    ];
    let mut families = tgz::families("javascript", FILENAME);
    families.extend(ways.map(own));
    families
}

/// A `package.json` of `part` again and again.
fn package(start: &[u8], part: &[u8], end: &[u8], size: usize) -> Vec<u8> {
    let room = size.min(LARGEST) - start.len() - end.len();
    let contents = [start, &filled(part, room), end].concat();
    gzip(&member("package/package.json", b'0', &contents))
}

fn commands(size: usize) -> Vec<u8> {
    let commands: Vec<_> = (0..size.min(LARGEST) / 13)
        .map(|id| format!("\"{id:06}\":\"x\""))
        .collect();
    let contents = format!(
        "{{\"name\":\"a\",\"version\":\"1.0.0\",\"bin\":{{{}}}}}",
        commands.join(",")
    );
    gzip(&member("package/package.json", b'0', contents.as_bytes()))
}
