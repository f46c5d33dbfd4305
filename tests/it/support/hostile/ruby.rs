//! Gems as attackers make them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::EntryType;

use super::super::gem::{Gem, gzip, tar};
use super::{Family, Way, deflate, tgz, yaml};

const FILENAME: &str = "banana-1.0.0.gem";
/// Bytes of a specification that are read.
const LARGEST: usize = 8 << 20;

pub(crate) fn families() -> Vec<Family> {
    let own = |(name, build)| Family {
        name,
        ecosystem: "ruby",
        filename: FILENAME,
        build,
    };
    let ways: [Way; 6] = [
        ("empty stored blocks", |size| gem(&tgz::empty_stored(size))),
        ("empty blocks of fixed codes", |size| gem(&tgz::empty_fixed(size))),
        ("empty blocks of own codes", |size| gem(&tgz::empty_dynamic(size))),
        ("zeros", |size| gem(&tgz::zeros(size))),
        ("dependencies", |size| specification(&dependencies(size))),
        ("members", filled_tar),
    ];
    ways.into_iter()
        .chain(yaml::ways!(specification))
        .map(own)
        .collect()
}

/// A gem of this specification, of which no more is there than is read.
fn specification(yaml: &[u8]) -> Vec<u8> {
    let read = &yaml[..yaml.len().min(LARGEST)];
    gem(&deflate::gzip(read))
}

fn dependencies(size: usize) -> Vec<u8> {
    let start = b"name: banana\nversion: {version: 1.0.0}\ndependencies:\n";
    let one = b"- {name: a, requirement: {requirements: [['>=', {version: '0'}]]}}\n";
    yaml::text(start, one, b"", size)
}

/// A tar of empty members.
fn filled_tar(size: usize) -> Vec<u8> {
    super::filled(&tgz::header("x", b'0', 0), size)
}

/// Fault of a gem, and its bytes.
type Hostile = (&'static str, Vec<u8>);

pub(crate) fn hostile_gems() -> Vec<Hostile> {
    let gems = [costly_specifications(), other_files(), broken_archives(), names()];
    gems.into_iter().flatten().collect()
}

/// Specifications that are small until they are read.
fn costly_specifications() -> Vec<Hostile> {
    vec![
        ("a gzip bomb", gem(&bomb(1 << 28))),
        ("a YAML bomb", yaml(&billion_laughs())),
        ("a list as a key to be", packed(&filled("[", "x,"))),
        ("a mapping as a key to be", packed(&filled("{", "a: b, "))),
        ("a list in a list", packed(&filled("- [", "x,"))),
        ("a list in many", packed(&filled(&"[".repeat(60), "x,"))),
        ("keys of keys", packed(&filled("[", "a: "))),
        ("an endless directive", packed(&filled("%FOO", " k"))),
        ("endless directives", packed(&tag_directives())),
        ("a long tag written often", packed(&long_tag())),
        ("aliases without end", packed(&filled("a: &a x\nb: [", "*a,"))),
        ("deep YAML", yaml(&"[".repeat(500_000))),
        ("deep blocks", yaml(&deep_blocks(2_000))),
        (
            "a million values",
            yaml(&format!("name: [{}]", "x, ".repeat(1_000_000))),
        ),
        ("more metadata than is read", gem(&bomb(17 << 20))),
    ]
}

/// Files and specifications of another kind.
fn other_files() -> Vec<Hostile> {
    vec![
        ("YAML that is none", yaml("name: [")),
        ("not UTF-8", gem(&gzip(b"name: \xff\xfe"))),
        ("a text", yaml("banana")),
        ("an HTML page", b"<!DOCTYPE html><html></html>".repeat(100)),
        ("a zip", b"PK\x03\x04".repeat(200)),
    ]
}

/// Archives that lie, or lack something.
fn broken_archives() -> Vec<Hostile> {
    let good = Gem::banana().build().bytes;
    let twice = [&good[..good.len() - 1024], &good].concat();
    vec![
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
    ]
}

/// Names, versions and platforms that no gem has.
fn names() -> Vec<Hostile> {
    let long = "x".repeat(10_000);
    let gems = [
        ("a name of a path", Gem::new("../x", "1.0.0")),
        ("a name of 10 kB", Gem::new(&long, "1.0.0")),
        ("a name with a NUL", Gem::new("\"ba\\0nana\"", "1.0.0")),
        (
            "a version of 10 kB",
            Gem::new("x", &format!("1.{}", "0".repeat(10_000))),
        ),
        ("a platform of 10 kB", Gem::banana().platform(&long)),
        ("a platform of a path", Gem::banana().platform("../../x")),
    ];
    gems.map(|(fault, gem)| (fault, gem.build().bytes)).into()
}

fn gem(metadata_gz: &[u8]) -> Vec<u8> {
    tar(&[("metadata.gz", metadata_gz), ("data.tar.gz", b"data")])
}

fn yaml(specification: &str) -> Vec<u8> {
    gem(&gzip(specification.as_bytes()))
}

/// Packed well: unpacked it is more than a call may carry.
fn packed(specification: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
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

/// Each level names the one before it nine times.
fn billion_laughs() -> String {
    let mut yaml = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n".to_owned();
    for level in 1..12 {
        let before = vec![format!("*a{}", level - 1); 9].join(", ");
        yaml.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    yaml
}

/// As much of it as a specification may be long.
fn filled(start: &str, part: &str) -> String {
    let parts = ((8 << 20) - start.len()) / part.len();
    format!("{start}{}", part.repeat(parts))
}

fn tag_directives() -> String {
    let lines: Vec<_> = (0..450_000).map(|id| format!("%TAG !{id}! x\n")).collect();
    lines.concat()
}

/// Half a terabyte, were each of them written out.
fn long_tag() -> String {
    let prefix = "x".repeat(4 << 20);
    format!("%TAG !a! {prefix}\n---\n{}", "- !a!b x\n".repeat(120_000))
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
