//! Packages of apk 3, as `apk mkpkg` makes them: an ADB file (`apk-v3(5)`) of the schema `pckg`,
//! compressed as a whole. Its facts have the names of `.PKGINFO`.

use std::io::{self, BufReader, Read, Seek};

use super::adb::{Adb, Slots, Value};
use super::{Facts, MAX_FIELDS, manifest, wrong};
use crate::digest::Digest;
use crate::formats::containers::compression::Compression;
use crate::formats::containers::inflate::Inflate;
use crate::formats::manifest::{Manifest, Rejection};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::texts::latin1::utf8_or_latin1;

const SCHEMA: [u8; 4] = *b"pckg";
/// The package's own object in the outermost one.
const PACKAGE_INFO: usize = 1;

/// How a field is written.
enum Kind {
    Text,
    Hex,
    Number,
    /// One line for each of a list.
    Dependencies,
}

/// The fields of a package's object (`schema_pkginfo`), and what `.PKGINFO` calls them.
const FIELDS: [(usize, &str, Kind); 19] = [
    (0x01, "pkgname", Kind::Text),
    (0x02, "pkgver", Kind::Text),
    (0x04, "pkgdesc", Kind::Text),
    (0x09, "url", Kind::Text),
    (0x0b, "builddate", Kind::Number),
    (0x08, "maintainer", Kind::Text),
    (0x0c, "size", Kind::Number),
    (0x05, "arch", Kind::Text),
    (0x07, "origin", Kind::Text),
    (0x0a, "commit", Kind::Hex),
    (0x06, "license", Kind::Text),
    (0x0e, "provider_priority", Kind::Number),
    (0x0f, "depend", Kind::Dependencies),
    (0x10, "provides", Kind::Dependencies),
    (0x11, "replaces", Kind::Dependencies),
    (0x12, "install_if", Kind::Dependencies),
    (0x13, "recommends", Kind::Dependencies),
    (0x14, "layer", Kind::Number),
    (0x03, "hashes", Kind::Hex),
];

pub(super) fn read(source: &mut Metered<'_>, length: u64) -> Result<Manifest, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let unpacked = unpacked(source, budget).map_err(&unreadable)?;
    let adb = Adb::read(unpacked, SCHEMA, budget).map_err(&unreadable)?;
    let info = adb.slots(adb.root().get(PACKAGE_INFO));
    let mut reading = Reading {
        adb: &adb,
        budget,
        pkginfo: Vec::new(),
    };
    for (number, key, kind) in FIELDS {
        reading.field(key, info.get(number), &kind)?;
    }
    manifest(&Facts {
        checksum: None,
        adb_sha256: Some(Digest::sha256(&adb.block).to_string()),
        size: length,
        pkginfo: reading.pkginfo,
    })
}

/// The file's contents; its first bytes tell how they are compressed.
fn unpacked<'a>(source: &'a mut Metered<'_>, budget: &'a Budget) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = [0; 4];
    source.read_exact(&mut start)?;
    // An algorithm and its level, where they are said.
    let mut compression = [1, 0];
    match start {
        [.., b'.'] => {
            source.rewind()?;
            return Compression::None.unpack(source, budget);
        }
        [.., b'c'] => source.read_exact(&mut compression)?,
        _ => {}
    }
    match compression[0] {
        0 => Compression::None.unpack(source, budget),
        1 => Ok(Box::new(Inflate::new(BufReader::new(source), budget))),
        2 => Compression::Zstd.unpack(source, budget),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its compression is neither Deflate nor Zstandard",
        )),
    }
}

/// The lines that are read of a tree. Values may be shared, so each copy is charged.
struct Reading<'a> {
    adb: &'a Adb,
    budget: &'a Budget,
    pkginfo: Vec<(String, String)>,
}

impl Reading<'_> {
    fn field(&mut self, key: &str, value: Value, kind: &Kind) -> Result<(), Rejection> {
        let text = match kind {
            Kind::Text => self.adb.blob(value).map(text),
            Kind::Hex => self.adb.blob(value).map(hex::encode),
            Kind::Number => self.adb.number(value).map(|number| number.to_string()),
            Kind::Dependencies => {
                for dependency in self.adb.slots(value).values() {
                    let dependency = self.dependency(self.adb.slots(dependency))?;
                    self.line(key, dependency)?;
                }
                return Ok(());
            }
        };
        text.map_or(Ok(()), |text| self.line(key, text))
    }

    fn line(&mut self, key: &str, value: String) -> Result<(), Rejection> {
        self.budget.keep(key.len() + value.len())?;
        if self.pkginfo.len() == MAX_FIELDS {
            return Err(wrong("it has too many lines"));
        }
        self.pkginfo.push((key.to_owned(), value));
        Ok(())
    }

    /// A name, perhaps a version, and how they compare (`dependency_tostring`): `a>=1`, `!b`.
    fn dependency(&self, slots: Slots<'_>) -> Result<String, Rejection> {
        let name = self.adb.blob(slots.get(1));
        let name = name.ok_or_else(|| wrong("a dependency has no name"))?;
        let version = self.adb.blob(slots.get(2));
        self.budget.steps(name.len() + version.map_or(0, <[u8]>::len))?;
        let comparison = self.adb.number(slots.get(3)).unwrap_or(EQUAL);
        let conflict = if comparison & CONFLICT == 0 { "" } else { "!" };
        Ok(match version {
            None => format!("{conflict}{}", text(name)),
            Some(version) => {
                let operator = operator(comparison & !CONFLICT);
                let operator =
                    operator.ok_or_else(|| wrong("a dependency compares versions in no known way"))?;
                format!("{conflict}{}{operator}{}", text(name), text(version))
            }
        })
    }
}

fn text(bytes: &[u8]) -> String {
    utf8_or_latin1(bytes).into_owned()
}

/// `APK_VERSION_EQUAL` and `APK_VERSION_CONFLICT`; others are less 2, greater 4 and fuzzy 8.
const EQUAL: u64 = 1;
const CONFLICT: u64 = 16;

fn operator(comparison: u64) -> Option<&'static str> {
    Some(match comparison {
        1 => "=",
        2 => "<",
        3 => "<=",
        4 => ">",
        5 => ">=",
        6 => "><",
        7 => "",
        8 | 9 => "~",
        11 => "<~",
        13 => ">~",
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod fixtures {
    //! Small packages for the tests.

    use std::io::Write;

    use super::super::adb::fixtures::Tree;
    use super::SCHEMA;

    /// A package with these dependencies: name, version, comparison.
    pub(crate) fn apk(dependencies: &[(&str, Option<&str>, u32)]) -> Vec<u8> {
        let mut tree = Tree::new();
        let mut info = vec![0; 21];
        for (number, value) in [
            (1, "fruit"),
            (2, "1.0_rc1-r0"),
            (4, "J\u{e9}"),
            (5, "x86_64"),
            (6, "MIT"),
        ] {
            info[number - 1] = tree.blob(value.as_bytes());
        }
        info[2] = tree.blob(&[0xab; 32]);
        info[0x0a - 1] = tree.blob(&[0xc0; 20]);
        info[0x0b - 1] = tree.number(1_700_000_000);
        info[0x0c - 1] = tree.number(4096);
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(name, version, comparison)| {
                let name = tree.blob(name.as_bytes());
                let version = version.map_or(0, |version| tree.blob(version.as_bytes()));
                let comparison = if *comparison == 0 {
                    0
                } else {
                    tree.number(*comparison)
                };
                tree.object(&[name, version, comparison])
            })
            .collect();
        info[0x0f - 1] = tree.array(&dependencies);
        let info = tree.object(&info);
        let root = tree.object(&[info]);
        tree.file(SCHEMA, root)
    }

    /// The package, compressed as `apk mkpkg` does it.
    pub(crate) fn deflated(file: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(b"ADBd".to_vec(), flate2::Compression::best());
        encoder.write_all(file).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::super::adb::fixtures::Tree;
    use super::fixtures::{apk, deflated};
    use super::*;
    use crate::ecosystem::Ecosystem;
    use crate::formats::round_trip::read as read_package;

    fn read_apk(file: &[u8]) -> Result<Manifest, Rejection> {
        read_package(Ecosystem::Alpine, "lies-2.apk", &mut Cursor::new(file))
    }

    #[test]
    fn a_package_says_all_that_the_index_needs() {
        let file = apk(&[
            ("so:libc.so", None, 0),
            ("a", Some("1"), 5),
            ("b", Some("2"), 0),
            ("c", None, 16),
            ("d", Some("3"), 8),
        ]);
        let packed = deflated(&file);
        let manifest = read_apk(&packed).unwrap();
        let size = u32::from_le_bytes(*file[8..].first_chunk().unwrap()) as usize;
        let expected = json!({
            "adb_sha256": Digest::sha256(&file[12..8 + size]).to_string(),
            "size": packed.len(),
            "pkginfo": [
                ["pkgname", "fruit"], ["pkgver", "1.0_rc1-r0"], ["pkgdesc", "Jé"],
                ["builddate", "1700000000"], ["size", "4096"], ["arch", "x86_64"],
                ["commit", "c0".repeat(20)], ["license", "MIT"],
                ["depend", "so:libc.so"], ["depend", "a>=1"], ["depend", "b=2"], ["depend", "!c"],
                ["depend", "d~3"], ["hashes", "ab".repeat(32)],
            ],
        });
        assert_eq!(manifest.metadata.value(), expected);
        let named = (
            manifest.name.as_str(),
            manifest.version.as_str(),
            manifest.variant.as_deref(),
        );
        assert_eq!(named, ("fruit", "1.0_rc1-r0", Some("x86_64")));
    }

    #[test]
    fn every_compression_is_read() {
        let file = apk(&[]);
        let stored = [&b"ADBc\x00\x01"[..], &file].concat();
        let deflate = [&b"ADBc\x01\x09"[..], &deflated(&file)[4..]].concat();
        // A frame with one raw block, of which the smallest window holds all.
        let length = u32::try_from(file.len()).unwrap();
        let block = (length << 3 | 1).to_le_bytes();
        let zstd = [&b"ADBc\x02\x09\x28\xb5\x2f\xfd\0\x40"[..], &block[..3], &file].concat();
        for packed in [file, stored, deflate, zstd] {
            assert_eq!(read_apk(&packed).unwrap().name, "fruit");
        }
        assert!(read_apk(b"ADBc\x03\x01").is_err());
    }

    #[test]
    fn damaged_trees_are_refused_and_never_panic() {
        let file = apk(&[("a", Some("1"), 5)]);
        for length in 0..file.len() - 20 {
            assert!(read_apk(&file[..length]).is_err());
        }
        for at in 0..file.len() {
            for byte in [0, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = byte;
                let _ = read_apk(&damaged);
            }
        }
    }

    #[test]
    fn values_that_are_shared_are_charged_each_time() {
        let mut tree = Tree::new();
        let name = tree.blob(&[b'a'; 4_000]);
        let dependency = tree.object(&[name]);
        let mut info = vec![0; 0x0f];
        info[0x0e] = tree.array(&vec![dependency; 15_000]);
        let info = tree.object(&info);
        let root = tree.object(&[info]);
        let message = read_apk(&tree.file(SCHEMA, root)).unwrap_err().message;
        assert!(message.contains("bytes to be kept in memory"), "{message}");
    }
}
