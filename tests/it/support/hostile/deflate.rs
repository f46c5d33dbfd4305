//! Deflate and gzip (RFC 1951, RFC 1952), as attackers write them.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};

use super::filled;

/// A block that stores nothing: five bytes.
const STORED: [u8; 5] = [0, 0, 0, 0xff, 0xff];
/// Four blocks of fixed codes with nothing in them: five bytes, ten bits each.
const FIXED: [u8; 5] = [0x02, 0x08, 0x20, 0x80, 0x00];

/// Deflated text, packed well.
pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// A gzip member, packed well.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Blocks that store nothing, then `bytes`.
pub(crate) fn empty_stored_blocks(bytes: &[u8], size: usize) -> Vec<u8> {
    [filled(&STORED, size), deflated(bytes)].concat()
}

/// Blocks of fixed codes that hold nothing, then `bytes`.
pub(crate) fn empty_fixed_blocks(bytes: &[u8], size: usize) -> Vec<u8> {
    [filled(&FIXED, size), deflated(bytes)].concat()
}

/// Blocks that bring codes of their own and hold nothing, then `bytes`.
pub(crate) fn empty_dynamic_blocks(bytes: &[u8], size: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    for _ in 0..8 {
        dynamic_block(&mut bits);
    }
    [filled(&bits.bytes, size), deflated(bytes)].concat()
}

/// The codes of the lengths are 18 (one bit) and 1 (one bit); the one code is that of the end.
fn dynamic_block(bits: &mut Bits) {
    bits.push(0b10 << 1, 3);
    // 257 literals and lengths, one distance, 18 codes of lengths: up to that of 1.
    bits.push(0, 5);
    bits.push(0, 5);
    bits.push(14, 4);
    for at in 0..18 {
        // Their order: 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1.
        bits.push(u32::from(matches!(at, 2 | 17)), 3);
    }
    // 256 zeros as 138 and 118, then the end's length 1, then that of the distance. Of two codes of
    // one bit the smaller symbol has 0.
    for zeros in [138, 118] {
        bits.push(1, 1);
        bits.push(zeros - 11, 7);
    }
    bits.push(0, 1);
    bits.push(0, 1);
    bits.push(0, 1);
}

/// Bits from the least significant on.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn push(&mut self, value: u32, count: usize) {
        for bit in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let set = u8::from(value >> bit & 1 == 1);
            *self.bytes.last_mut().expect("just pushed") |= set << (self.count % 8);
            self.count += 1;
        }
    }
}

/// A gzip member around a deflate stream that holds `bytes`.
pub(crate) fn gzip_of(stream: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(bytes);
    let length = u32::try_from(bytes.len()).expect("small");
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let tail = [crc.sum().to_le_bytes(), length.to_le_bytes()].concat();
    [&head[..], stream, &tail].concat()
}
