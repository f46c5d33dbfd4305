//! Debian packages as attackers make them.

use super::deflate::gzip;
use super::{Family, TOO_LONG, Way, filled, tgz};

pub(crate) fn families() -> Vec<Family> {
    let ways: [Way; 9] = [
        ("members", members),
        ("files beside control", |size| deb(&tgz::members(size))),
        ("long extension headers", |size| deb(&tgz::extensions(size))),
        ("empty gzip members", |size| deb(&tgz::empty_gzip_members(size))),
        ("zeros", |size| deb(&tgz::zeros(size))),
        ("fields", |size| numbered(size, "F", ": 1\n")),
        ("relations", |size| {
            control(&[b"Depends: ", &filled(b"a, ", size.min(CONTROL))[..], b"a\n"].concat())
        }),
        ("lines of a value", |size| {
            control(&[b"Xx: 1\n", &filled(b" .\n", size.min(CONTROL))[..]].concat())
        }),
        ("a long value of another encoding", |size| {
            control(&[b"Xx: ", &vec![0xff; size.min(CONTROL)][..], b"\n"].concat())
        }),
    ];
    let family = |(name, build)| Family {
        name,
        ecosystem: "debian",
        filename: "fruit_1_all.deb",
        build,
    };
    ways.map(family).into()
}

/// Bytes of a control file that is read, less those that it must have.
const CONTROL: usize = 1_000_000;

fn member(name: &str, contents: &[u8]) -> Vec<u8> {
    let size = contents.len();
    let header = format!("{name:<16}0           0     0     100644  {size:<10}`\n");
    let padding = if size.is_multiple_of(2) { "" } else { "\n" };
    [header.as_bytes(), contents, padding.as_bytes()].concat()
}

/// Members that dpkg skips, one behind the other.
fn members(size: usize) -> Vec<u8> {
    let skipped = filled(&member("_x", b""), size);
    [b"!<arch>\n".to_vec(), member("debian-binary", b"2.0\n"), skipped].concat()
}

fn deb(control: &[u8]) -> Vec<u8> {
    [
        b"!<arch>\n".to_vec(),
        member("debian-binary", b"2.0\n"),
        member("control.tar.gz", control),
        member("data.tar", &[0; 1024]),
    ]
    .concat()
}

/// A control file whose version is too long, so that it is refused, but only when it has been read.
fn control(fields: &[u8]) -> Vec<u8> {
    let start = format!("Package: fruit\nVersion: {TOO_LONG}\nArchitecture: all\n");
    let control = [start.as_bytes(), fields].concat();
    deb(&gzip(&tgz::member("control", b'0', &control)))
}

fn numbered(size: usize, before: &str, after: &str) -> Vec<u8> {
    let lines = (0..size.min(CONTROL) / 11).map(|number| format!("{before}{number:06}{after}"));
    control(lines.collect::<Vec<_>>().concat().as_bytes())
}
