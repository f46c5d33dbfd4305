//! YAML as attackers write it: for every format that has some in it.

use super::filled;

/// Parts of which there is too much, and a file with about so many bytes of each, which `$pack` makes.
macro_rules! ways {
    ($pack:path) => {{
        let ways: [super::Way; 24] = [
            ("values in a list", |size| {
                $pack(&yaml::text(b"x: [", b"1,", b"1]\n", size))
            }),
            ("items", |size| $pack(&yaml::text(b"x:\n", b"-\n", b"", size))),
            ("keys", |size| $pack(&yaml::text(b"", b"a: b\n", b"", size))),
            ("deep brackets", |size| {
                $pack(&yaml::text(b"x: ", b"[", b"", size))
            }),
            ("deep blocks", |size| $pack(&yaml::text(b"", b"- ", b"", size))),
            ("a list as a key to be", |size| {
                $pack(&yaml::text(b"[", b"x,", b"", size))
            }),
            ("keys of keys", |size| $pack(&yaml::text(b"[", b"a: ", b"", size))),
            ("aliases", |size| {
                $pack(&yaml::text(b"a: &a x\nb: [", b"*a,", b"x]\n", size))
            }),
            ("aliases of a long text", |size| {
                let long = [b"a: &a ", &super::filled(b"x", size / 2)[..], b"\nb:\n"].concat();
                $pack(&yaml::text(&long, b"- *a\n", b"", size))
            }),
            ("anchors", |size| $pack(&yaml::anchors(size))),
            ("tags", |size| {
                $pack(&yaml::text(
                    b"x:\n",
                    b"- !ruby/object:Gem::Platform {}\n",
                    b"",
                    size,
                ))
            }),
            ("a long tag written often", |size| {
                let prefix = super::filled(b"x", size / 2);
                let start = [b"%TAG !a! ", &prefix[..], b"\n---\n"].concat();
                $pack(&yaml::text(&start, b"- !a!b x\n", b"", size))
            }),
            ("directives", |size| $pack(&yaml::directives(size))),
            ("a word of directives", |size| {
                $pack(&yaml::text(b"%FOO", b" k", b"", size))
            }),
            ("a plain text", |size| {
                $pack(&yaml::text(b"x: ", b"abc ", b"", size))
            }),
            ("lines of a plain text", |size| {
                $pack(&yaml::text(b"x: a", b"\n b", b"", size))
            }),
            ("lines of a quoted text", |size| {
                $pack(&yaml::text(b"x: \"", b"\\\n \n", b"\"", size))
            }),
            ("escapes", |size| {
                $pack(&yaml::text(b"x: \"", b"\\u00e9", b"\"", size))
            }),
            ("lines of a block", |size| {
                $pack(&yaml::text(b"x: >+\n", b"  a\n\n   b\n", b"", size))
            }),
            ("empty lines of a block", |size| {
                $pack(&yaml::text(b"x: |+\n a\n", b"\n", b"", size))
            }),
            ("a binary text", |size| {
                $pack(&yaml::text(b"x: !binary ", b"YWFh", b"", size))
            }),
            ("comments", |size| $pack(&yaml::text(b"", b"#\n", b"", size))),
            ("tabs", |size| $pack(&yaml::text(b"x:", b"\t", b"y\n", size))),
            ("documents", |size| $pack(&yaml::text(b"", b"---\n", b"", size))),
        ];
        ways
    }};
}
pub(crate) use ways;

pub(crate) fn text(start: &[u8], part: &[u8], end: &[u8], size: usize) -> Vec<u8> {
    let room = size.saturating_sub(start.len() + end.len());
    [start, &filled(part, room), end].concat()
}

pub(crate) fn anchors(size: usize) -> Vec<u8> {
    let lines: Vec<_> = (0..size / 13).map(|id| format!("- &a{id:07} x\n")).collect();
    lines.concat().into_bytes()
}

pub(crate) fn directives(size: usize) -> Vec<u8> {
    let lines: Vec<_> = (0..size / 17).map(|id| format!("%TAG !{id:07}! x\n")).collect();
    lines.concat().into_bytes()
}
