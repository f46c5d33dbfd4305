//! Gems as attackers make them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::EntryType;

use super::gem::{Gem, gzip, tar};

/// What is wrong with each, and its bytes.
pub(crate) fn hostile_gems() -> Vec<(&'static str, Vec<u8>)> {
    let good = Gem::banana().build().bytes;
    let twice = [&good[..good.len() - 1024], &good].concat();
    vec![
        ("a gzip bomb", gem(&bomb(1 << 28))),
        ("a YAML bomb", yaml(&billion_laughs())),
        ("deep YAML", yaml(&"[".repeat(500_000))),
        ("deep blocks", yaml(&deep_blocks(2_000))),
        (
            "a million values",
            yaml(&format!("name: [{}]", "x, ".repeat(1_000_000))),
        ),
        (
            "a list that could be a key",
            yaml(&format!("[{}", millions("x,"))),
        ),
        (
            "pairs that could be a key",
            yaml(&format!("{{{}", millions("a: b,"))),
        ),
        ("keys in keys", yaml(&format!("[{}", millions("a: ")))),
        (
            "a list in a list",
            yaml(&format!("name: x\nfiles:\n- [{}", millions("x,"))),
        ),
        (
            "lists in lists",
            yaml(&format!("{}{}", "[".repeat(60), millions("x,"))),
        ),
        (
            "a long directive",
            yaml(&format!("%FOO {}\n--- a\n", millions("k "))),
        ),
        ("many directives", yaml(&directives(500_000))),
        ("texts by alias", yaml(&aliased_texts(1 << 20, 30))),
        ("more metadata than is read", gem(&bomb(17 << 20))),
        ("YAML that is none", yaml("name: [")),
        ("not UTF-8", gem(&gzip(b"name: \xff\xfe"))),
        ("a text", yaml("banana")),
        ("no metadata", tar(&[("data.tar.gz", b"data")])),
        ("two metadata", twice),
        ("metadata as a link", special(EntryType::Symlink, "/etc/passwd")),
        ("metadata as a hard link", special(EntryType::Link, "data.tar.gz")),
        ("a size beyond the end", lying(b"00000777777\0")),
        (
            "a size of 8 EB",
            lying(b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ),
        ("a size that is no number", lying(b"xxxxxxxxxxx\0")),
        ("cut off", good[..700].to_vec()),
        ("metadata.gz cut off", gem(&gzip(b"name: banana")[..20])),
        ("a name of a path", Gem::new("../x", "1.0.0").build().bytes),
        (
            "a name of 10 kB",
            Gem::new(&"x".repeat(10_000), "1.0.0").build().bytes,
        ),
        (
            "a version of 10 kB",
            Gem::new("x", &format!("1.{}", "0".repeat(10_000))).build().bytes,
        ),
        (
            "a platform of 10 kB",
            Gem::banana().platform(&"x".repeat(10_000)).build().bytes,
        ),
        (
            "a platform of a path",
            Gem::banana().platform("../../x").build().bytes,
        ),
        (
            "a name with a NUL",
            Gem::new("\"ba\\0nana\"", "1.0.0").build().bytes,
        ),
        ("an HTML page", b"<!DOCTYPE html><html></html>".repeat(100)),
        ("a zip", b"PK\x03\x04".repeat(200)),
    ]
}

fn gem(metadata_gz: &[u8]) -> Vec<u8> {
    tar(&[("metadata.gz", metadata_gz), ("data.tar.gz", b"data")])
}

fn yaml(specification: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(specification.as_bytes()).expect("in memory");
    gem(&encoder.finish().expect("in memory"))
}

/// A few kB that expand to this many bytes of blanks.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let megabyte = vec![b' '; 1024 * 1024];
    for _ in 0..bytes / megabyte.len() {
        encoder.write_all(&megabyte).expect("in memory");
    }
    encoder.finish().expect("in memory")
}

/// As much of this as a gem's specification may hold.
fn millions(part: &str) -> String {
    part.repeat(8_000_000 / part.len())
}

fn directives(count: u32) -> String {
    let lines: Vec<_> = (0..count).map(|handle| format!("%TAG !{handle}! b")).collect();
    format!("{}\n--- a\n", lines.join("\n"))
}

/// A text of this many bytes, named so often.
fn aliased_texts(bytes: usize, times: usize) -> String {
    format!(
        "name: &a '{}'\nauthors: [{}]\n",
        "x".repeat(bytes),
        "*a, ".repeat(times)
    )
}

/// Each level names the one before it nine times.
fn billion_laughs() -> String {
    let mut yaml = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        yaml.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    yaml
}

fn deep_blocks(depth: usize) -> String {
    let lines: Vec<_> = (0..depth)
        .map(|depth| format!("{}a:", " ".repeat(depth)))
        .collect();
    lines.join("\n")
}

/// A member of another kind than a file, named like the specification.
fn special(kind: EntryType, target: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_cksum();
    builder
        .append_link(&mut header, "metadata.gz", target)
        .expect("in memory");
    let mut archive = builder.into_inner().expect("in memory");
    archive.truncate(archive.len() - 1024);
    archive.extend(tar(&[("data.tar.gz", b"data")]));
    archive
}

/// The first member claims another size than it has.
fn lying(size: &[u8; 12]) -> Vec<u8> {
    let mut archive = Gem::banana().build().bytes;
    archive[124..136].copy_from_slice(size);
    archive[148..156].fill(b' ');
    let sum: u32 = archive[..512].iter().map(|byte| u32::from(*byte)).sum();
    archive[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    archive
}
