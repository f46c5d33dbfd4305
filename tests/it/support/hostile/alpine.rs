//! Alpine packages as attackers make them, of both versions.

use super::deflate::{deflated, empty_dynamic_blocks, gzip};
use super::{Family, TOO_LONG, Way, filled, tgz};

const FILENAME: &str = "fruit-1.apk";

pub(crate) fn families() -> Vec<Family> {
    let ways: [Way; 5] = [
        ("lines", |size| pkginfo(&filled(b"a=b\n", size.min(PKGINFO)))),
        ("signatures", |size| {
            filled(&gzip(&tgz::member(".SIGN.x", b'0', b"")), size)
        }),
        ("a shared dependency", shared_dependency),
        ("a block of zeros", |size| {
            packed(&[0, 0, 0, 0, 0, 0, 0, 0xe0], size.saturating_mul(1_000))
        }),
        ("empty blocks", |size| {
            [&b"ADBd"[..], &empty_dynamic_blocks(b"ADB.pckg", size)].concat()
        }),
    ];
    let own = ways.map(|(name, build)| Family {
        name,
        ecosystem: "alpine",
        filename: FILENAME,
        build,
    });
    [tgz::families("alpine", FILENAME), own.into()].concat()
}

/// Bytes of `.PKGINFO` that are read, less those that it must have.
const PKGINFO: usize = 1_000_000;

/// A `.PKGINFO` whose version is too long, so that it is refused, but only when it has been read.
fn pkginfo(lines: &[u8]) -> Vec<u8> {
    let start = format!("pkgname = fruit\npkgver = {TOO_LONG}\narch = noarch\n");
    let control = tgz::member(".PKGINFO", b'0', &[start.as_bytes(), lines].concat());
    [gzip(&control), gzip(b"data")].concat()
}

/// The package's block, filled up with zeros, as apk 3 compresses it.
fn packed(block: &[u8], size: usize) -> Vec<u8> {
    let size = size.clamp(block.len(), 16_000_000);
    let header = u32::try_from(size + 4).expect("small").to_le_bytes();
    let file = [b"ADB.pckg", &header[..], block, &vec![0; size - block.len()]].concat();
    [&b"ADBd"[..], &deflated(&file)].concat()
}

/// An array that names one dependency again and again; that has a long name.
fn shared_dependency(size: usize) -> Vec<u8> {
    const NAME: usize = 250;
    // At 8 the name, at 260 the dependency, at 272 the package, at 340 the root, at 348 the array.
    let count = size.min(15_000_000) / 4;
    let mut block = vec![0, 0, 0, 0];
    block.extend(0xe000_0154_u32.to_le_bytes());
    block.push(u8::try_from(NAME).expect("small"));
    block.extend([b'a'; NAME]);
    block.resize(260, 0);
    block.extend([2, 0x8000_0008_u32].into_iter().flat_map(u32::to_le_bytes));
    block.resize(272, 0);
    block.extend(16_u32.to_le_bytes());
    block.resize(272 + 4 * 0x0f, 0);
    block.extend(0xd000_015c_u32.to_le_bytes());
    block.resize(340, 0);
    block.extend([2, 0xe000_0110_u32].into_iter().flat_map(u32::to_le_bytes));
    block.extend(u32::try_from(count + 1).expect("small").to_le_bytes());
    block.extend(filled(&0xe000_0104_u32.to_le_bytes(), 4 * count));
    packed(&block, block.len())
}
