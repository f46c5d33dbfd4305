//! ZIP archives (APPNOTE 6.3) that are expensive whatever lies in them: for every format that is one.

use flate2::Crc;

use super::deflate::{deflated, empty_dynamic_blocks, empty_fixed_blocks, empty_stored_blocks};
use super::{Build, Family};

/// An archive in the making: what its files take, and what its directory says of them.
#[derive(Default)]
pub(crate) struct Zip {
    files: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

impl Zip {
    /// A file with `contents`, which `stream` unpacks to.
    pub(crate) fn packed(mut self, name: &[u8], stream: &[u8], contents: &[u8]) -> Self {
        let offset = self.files.len();
        let header = header(name, stream, contents);
        self.files
            .extend([b"PK\x03\x04", &header[..], name, stream].concat());
        self.listed(name, &header, offset)
    }

    pub(crate) fn file(self, name: &[u8], contents: &[u8]) -> Self {
        self.packed(name, &deflated(contents), contents)
    }

    /// An entry of the directory, for the file at `offset`.
    fn listed(mut self, name: &[u8], header: &[u8], offset: usize) -> Self {
        let offset = u32::try_from(offset).expect("small").to_le_bytes();
        self.directory
            .extend([b"PK\x01\x02\x14\0", header, &[0; 10], &offset, name].concat());
        self.count = self.count.wrapping_add(1);
        self
    }

    /// All entries of the directory again and again, up to `size` bytes and `count` entries.
    fn repeated(mut self, size: usize, count: usize) -> Self {
        let count = count.min(size / self.directory.len());
        self.directory = self.directory.repeat(count);
        self
    }

    pub(crate) fn build(self) -> Vec<u8> {
        let place = [self.directory.len(), self.files.len()];
        let place = place.map(|number| u32::try_from(number).expect("small").to_le_bytes());
        let count = self.count.to_le_bytes();
        let end = [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &place.concat(),
            &[0, 0],
        ]
        .concat();
        [self.files, self.directory, end].concat()
    }
}

/// From the version that is needed to the length of the extra field: both headers of a file.
fn header(name: &[u8], stream: &[u8], contents: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(contents);
    let mut bytes = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
    bytes.extend(crc.sum().to_le_bytes());
    for length in [stream.len(), contents.len()] {
        bytes.extend(u32::try_from(length).expect("small").to_le_bytes());
    }
    bytes.extend(u16::try_from(name.len()).expect("short").to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The longest name that an entry may have.
const LONGEST: usize = 65_000;
/// Entries of one name, as many as are looked at.
const WANTED: usize = 1_000;

/// A format whose packages are such archives.
pub(crate) trait Format {
    const ECOSYSTEM: &'static str;
    const FILENAME: &'static str;
    /// The path of a file that its reader opens.
    const OPENED: &'static str;
}

/// The families of a format that is made of ZIP.
pub(crate) fn families<F: Format>() -> Vec<Family> {
    let ways: [(&'static str, Build); 9] = [
        ("stored blocks that entries share", |size| {
            shared::<F>(&empty_stored_blocks(b"", size))
        }),
        ("blocks of fixed codes that entries share", |size| {
            shared::<F>(&empty_fixed_blocks(b"", size))
        }),
        ("blocks of own codes that entries share", |size| {
            shared::<F>(&empty_dynamic_blocks(b"", size))
        }),
        ("blocks of own codes in one entry", |size| {
            let stream = empty_dynamic_blocks(b"", size);
            opened::<F>(Zip::default(), &stream, b"").build()
        }),
        ("blocks of own codes in entries", own_blocks::<F>),
        ("zeros that entries share", |size| {
            let zeros = vec![0; size * 16];
            let zip = opened::<F>(Zip::default(), &deflated(&zeros), &zeros);
            zip.repeated(usize::MAX, WANTED).build()
        }),
        ("zeros in one entry", |size| {
            let zeros = vec![0; size * 16];
            opened::<F>(Zip::default(), &deflated(&zeros), &zeros).build()
        }),
        ("entries of a directory", |size| {
            let zip = Zip::default().file(b"a", b"");
            zip.repeated(size, usize::MAX).build()
        }),
        // Not UTF-8: each byte of them would become three.
        ("long names in a directory", |size| {
            let zip = Zip::default().file(&vec![0xff; LONGEST], b"");
            zip.repeated(size, usize::MAX).build()
        }),
    ];
    let family = |(name, build)| Family {
        name,
        ecosystem: F::ECOSYSTEM,
        filename: F::FILENAME,
        build,
    };
    ways.map(family).into()
}

fn opened<F: Format>(zip: Zip, stream: &[u8], contents: &[u8]) -> Zip {
    zip.packed(F::OPENED.as_bytes(), stream, contents)
}

/// One file that holds nothing, and a directory that lists it as often as a reader looks.
fn shared<F: Format>(stream: &[u8]) -> Vec<u8> {
    let zip = opened::<F>(Zip::default(), stream, b"");
    zip.repeated(usize::MAX, WANTED).build()
}

/// Files of their own that hold nothing.
fn own_blocks<F: Format>(size: usize) -> Vec<u8> {
    let stream = empty_dynamic_blocks(b"", size / 100);
    let zip = (0..100).fold(Zip::default(), |zip, _| opened::<F>(zip, &stream, b""));
    zip.build()
}
