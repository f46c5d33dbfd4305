//! Compressed tar archives that are expensive whatever lies in them: for every format that is one.

use super::deflate::{empty_dynamic_blocks, empty_fixed_blocks, empty_stored_blocks, gzip, gzip_of};
use super::{Family, Way, filled};

/// A header that describes `size` bytes of contents.
pub(crate) fn header(path: &str, kind: u8, size: usize) -> [u8; 512] {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_cksum();
    *header.as_bytes()
}

/// A member and what fills its last block.
pub(crate) fn member(path: &str, kind: u8, contents: &[u8]) -> Vec<u8> {
    let padding = contents.len().next_multiple_of(512) - contents.len();
    [
        &header(path, kind, contents.len())[..],
        contents,
        &vec![0; padding],
    ]
    .concat()
}

/// A plain file whose path is a GNU long name.
pub(crate) fn long_named(path: &str) -> Vec<u8> {
    [
        member("././@LongLink", b'L', path.as_bytes()),
        member("x", b'0', b""),
    ]
    .concat()
}

/// Gzip members that hold nothing.
pub(crate) fn empty_gzip_members(size: usize) -> Vec<u8> {
    filled(&gzip(b""), size)
}

/// One gzip member of deflate blocks that hold nothing.
pub(crate) fn empty_stored(size: usize) -> Vec<u8> {
    gzip_of(&empty_stored_blocks(b"", size), b"")
}

/// The same of fixed codes.
pub(crate) fn empty_fixed(size: usize) -> Vec<u8> {
    gzip_of(&empty_fixed_blocks(b"", size), b"")
}

/// The same of codes of their own.
pub(crate) fn empty_dynamic(size: usize) -> Vec<u8> {
    gzip_of(&empty_dynamic_blocks(b"", size), b"")
}

/// A file of zeros that packs a thousand times.
pub(crate) fn zeros(size: usize) -> Vec<u8> {
    const MEGABYTE: usize = 1 << 20;
    let packed = gzip(&vec![0; MEGABYTE]);
    let count = size / packed.len();
    [gzip(&header("x", b'0', count * MEGABYTE)), packed.repeat(count)].concat()
}

/// Members without contents.
pub(crate) fn members(size: usize) -> Vec<u8> {
    repeated(&header("x", b'0', 0).repeat(1_000), size)
}

/// Extension headers as long as they may be, each before a member.
pub(crate) fn extensions(size: usize) -> Vec<u8> {
    let value = "x".repeat(200_000);
    let length = value.len() + "200010 c=\n".len();
    let pax = member("pax", b'x', format!("{length} c={value}\n").as_bytes());
    repeated(&[pax, member("x", b'0', b"")].concat(), size)
}

/// Extension headers before other extension headers.
pub(crate) fn described_extensions(size: usize) -> Vec<u8> {
    repeated(&member("pax", b'x', b"9 a=bcde\n").repeat(1_000), size)
}

/// One block of members, packed once and repeated.
pub(crate) fn repeated(members: &[u8], size: usize) -> Vec<u8> {
    filled(&gzip(members), size)
}

/// The families of an ecosystem whose packages are compressed tar archives.
pub(crate) fn families(ecosystem: &'static str, filename: &'static str) -> Vec<Family> {
    let family = |(name, build)| Family {
        name,
        ecosystem,
        filename,
        build,
    };
    let ways: [Way; 8] = [
        ("empty gzip members", empty_gzip_members),
        ("empty stored blocks", empty_stored),
        ("empty blocks of fixed codes", empty_fixed),
        ("empty blocks of own codes", empty_dynamic),
        ("zeros", zeros),
        ("members", members),
        ("long extension headers", extensions),
        ("described extension headers", described_extensions),
    ];
    ways.map(family).into()
}
