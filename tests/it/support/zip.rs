//! ZIP archives of files as they are, uncompressed (APPNOTE 6.3).

use flate2::Crc;

/// An archive of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, contents) in files {
        let offset = u32::try_from(archive.len()).expect("a small archive");
        let common = common(name, contents);
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), contents].concat());
        directory.extend([b"PK\x01\x02\x14\x00", &common[..], &[0; 10]].concat());
        directory.extend([&offset.to_le_bytes(), name.as_bytes()].concat());
    }
    let end = end(files.len(), directory.len(), archive.len());
    [archive, directory, end].concat()
}

/// From the version that is needed to the length of the extra field: both headers of a file.
fn common(name: &str, contents: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(contents);
    let size = u32::try_from(contents.len()).expect("a small file");
    let name = u16::try_from(name.len()).expect("a short name");
    let mut bytes = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([crc.sum(), size, size].map(u32::to_le_bytes).concat());
    bytes.extend([name, 0].map(u16::to_le_bytes).concat());
    bytes
}

/// The end record of a directory with `count` entries, `size` bytes long, at `offset`.
fn end(count: usize, size: usize, offset: usize) -> Vec<u8> {
    let count = u16::try_from(count).expect("few files");
    let place = [size, offset].map(|number| u32::try_from(number).expect("a small archive"));
    let mut bytes = b"PK\x05\x06\0\0\0\0".to_vec();
    bytes.extend([count, count].map(u16::to_le_bytes).concat());
    bytes.extend(place.map(u32::to_le_bytes).concat());
    bytes.extend([0, 0]);
    bytes
}
