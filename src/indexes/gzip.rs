//! Gzip in parts: each is compressed alone and ends in a full flush, so that parts can be kept, dropped and put into
//! another order. Together they are one member, which every reader of gzip reads to its end.

use crc32fast::Hasher;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, compress_to_output, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};

/// A header without name and time, from an unknown system: RFC 1952, section 2.3.
const HEADER: [u8; 10] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// The last block of a deflate stream, without content.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// CRC-32 and length of the text.
const TRAILER_BYTES: usize = 8;

/// Level of compression.
const LEVEL: i32 = 6;

/// Windows of raw deflate, without the frame of zlib.
const RAW: i32 = -15;

/// One part, as a manifest keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Bytes, compressed.
    pub(super) bytes: u64,
    /// Bytes of its text.
    pub(super) text_bytes: u64,
    /// CRC-32 of its text.
    pub(super) crc: u32,
    /// Entries in it.
    pub(super) entries: u64,
}

/// A text as a part, which begins and ends on the border of a byte and refers to nothing before it.
pub(super) fn part(text: &[u8], entries: u64) -> (Part, Vec<u8>) {
    let bytes = deflate(text, TDEFLFlush::Full);
    let part = Part {
        bytes: bytes.len() as u64,
        text_bytes: text.len() as u64,
        crc: crc32fast::hash(text),
        entries,
    };
    (part, bytes)
}

/// A text as a deflate stream of its own.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    deflate(text, TDEFLFlush::Finish)
}

/// The text of a deflate stream that has at most `bound` bytes; `None` where it is damaged or longer.
pub(super) fn unpack(bytes: &[u8], bound: u64) -> Option<Vec<u8>> {
    decompress_to_vec_with_limit(bytes, usize::try_from(bound).ok()?).ok()
}

fn deflate(text: &[u8], flush: TDEFLFlush) -> Vec<u8> {
    let mut bytes = Vec::new();
    if text.is_empty() && flush == TDEFLFlush::Full {
        return bytes;
    }
    let flags = create_comp_flags_from_zip_params(LEVEL, RAW, 0);
    let mut compressor = CompressorOxide::new(flags);
    compress_to_output(&mut compressor, text, flush, |output| {
        bytes.extend_from_slice(output);
        true
    });
    bytes
}

/// A member of gzip that is being put together.
pub(super) struct Member {
    bytes: Vec<u8>,
    crc: Hasher,
    /// Bytes of the text so far.
    pub(super) text_bytes: u64,
}

impl Member {
    pub(super) fn new() -> Self {
        Self {
            bytes: HEADER.to_vec(),
            crc: Hasher::new(),
            text_bytes: 0,
        }
    }

    /// Offset of the first part.
    pub(super) const START: u64 = HEADER.len() as u64;

    /// Adds a part.
    pub(super) fn add(&mut self, part: Part, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.crc
            .combine(&Hasher::new_with_initial_len(part.crc, part.text_bytes));
        self.text_bytes += part.text_bytes;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        let mut bytes = self.bytes;
        bytes.extend_from_slice(&LAST_BLOCK);
        bytes.extend_from_slice(&self.crc.finalize().to_le_bytes());
        // Modulo 2^32, as the format has it.
        let [a, b, c, d, ..] = self.text_bytes.to_le_bytes();
        bytes.extend_from_slice(&[a, b, c, d]);
        bytes
    }
}

/// The text of a member that [`Member::finish`] has made.
pub(super) fn text(member: &[u8], text_bytes: u64) -> Option<Vec<u8>> {
    let end = member.len().checked_sub(TRAILER_BYTES)?;
    unpack(member.get(HEADER.len()..end)?, text_bytes)
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};

    use flate2::read::GzDecoder;

    use super::*;

    fn text_of(number: usize) -> String {
        let lines = (0..number * 40).map(|line| format!("line {line} of {number}\n"));
        lines.collect::<Vec<_>>().concat()
    }

    fn joined(texts: &[String]) -> Vec<u8> {
        let mut member = Member::new();
        for text in texts {
            let (part, bytes) = part(text.as_bytes(), 1);
            member.add(part, &bytes);
        }
        member.finish()
    }

    /// Output of a program that is given these bytes.
    fn printed(program: &str, arguments: &[&str], bytes: &[u8]) -> Option<String> {
        let command = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = command.ok()?;
        child.stdin.take()?.write_all(bytes).ok()?;
        let output = child.wait_with_output().ok()?;
        assert!(output.status.success(), "{program} refuses the member");
        String::from_utf8(output.stdout).ok()
    }

    #[test]
    fn parts_in_any_order_are_one_member() {
        let mut texts: Vec<_> = [3, 0, 7, 1].map(text_of).into();
        for _ in 0..texts.len() {
            let member = joined(&texts);
            let expected = texts.concat();
            let mut read = String::new();
            GzDecoder::new(&member[..]).read_to_string(&mut read).unwrap();
            assert_eq!(read, expected);
            let bound = expected.len() as u64;
            assert_eq!(text(&member, bound), Some(expected.into_bytes()));
            assert_eq!(text(&member, bound - 1), None);
            texts.rotate_left(1);
        }
        assert_eq!(text(&joined(&[]), 0), Some(Vec::new()));
        assert_eq!(text(b"too short", 100), None);
    }

    #[test]
    fn other_readers_read_members_to_their_end() {
        let texts: Vec<_> = [3, 0, 7, 1].map(text_of).into();
        let member = joined(&texts);
        let python = "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
        for (program, arguments) in [("zcat", &["-"][..]), ("python3", &["-c", python])] {
            if let Some(read) = printed(program, arguments, &member) {
                assert_eq!(read, texts.concat(), "{program}");
            }
        }
    }

    #[test]
    fn packed_texts_are_unpacked_within_bounds() {
        for number in [0, 1, 50] {
            let text = text_of(number).into_bytes();
            let packed = pack(&text);
            assert_eq!(unpack(&packed, text.len() as u64), Some(text));
        }
        assert_eq!(unpack(&pack(&[7; 1000]), 999), None);
        assert_eq!(unpack(&[0xFF; 8], 1000), None);
    }
}
