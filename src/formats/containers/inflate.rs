//! Deflate (RFC 1951), block by block.
//!
//! A block brings codes of its own, whose tables take as long to build as some kilobytes take to
//! unpack, and may then hold nothing: so each of them is charged.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use crate::formats::source::bounded::damaged;
use crate::formats::source::budget::Budget;

/// Bytes that a match may reach back, and so what is unpacked before it is handed on.
const WINDOW_BYTES: usize = 32 * 1024;
/// Steps that the tables of a block take.
const STEPS_PER_BLOCK: usize = 2_000;

/// Reads what one deflate stream holds.
pub(crate) struct Inflate<'b, R> {
    packed: R,
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    /// The part of the window that is unpacked and not yet handed on.
    ready: Range<usize>,
    /// Whether nothing of the stream has been taken.
    fresh: bool,
    done: bool,
    budget: &'b Budget,
}

impl<'b, R: BufRead> Inflate<'b, R> {
    pub(crate) fn new(packed: R, budget: &'b Budget) -> Self {
        Self {
            packed,
            state: Box::default(),
            window: vec![0; WINDOW_BYTES],
            ready: 0..0,
            fresh: true,
            done: false,
            budget,
        }
    }

    /// Begins with another stream, which lies behind this one.
    pub(crate) fn restart(&mut self) {
        self.state.init();
        self.ready = 0..0;
        self.fresh = true;
        self.done = false;
    }

    /// The source behind the stream, once all of it has been read.
    pub(crate) fn packed(&mut self) -> &mut R {
        &mut self.packed
    }

    pub(crate) fn into_inner(self) -> R {
        self.packed
    }

    /// Unpacks until something is ready or the stream is over.
    fn fill(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.fresh) {
            self.budget.steps(STEPS_PER_BLOCK)?;
        }
        while self.ready.is_empty() && !self.done {
            let packed = self.packed.fill_buf()?;
            let more = if packed.is_empty() {
                0
            } else {
                TINFL_FLAG_HAS_MORE_INPUT
            };
            let flags = TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY | more;
            let start = self.ready.end % WINDOW_BYTES;
            let (status, taken, unpacked) =
                decompress(&mut self.state, packed, &mut self.window, start, flags);
            self.packed.consume(taken);
            self.ready = start..start + unpacked;
            match status {
                TINFLStatus::Done => self.done = true,
                TINFLStatus::BlockBoundary => self.budget.steps(STEPS_PER_BLOCK)?,
                TINFLStatus::HasMoreOutput | TINFLStatus::NeedsMoreInput => {}
                TINFLStatus::FailedCannotMakeProgress => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => return Err(damaged("its compressed data is damaged")),
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Inflate<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let ready = self.window.get(self.ready.clone()).unwrap_or_default();
        let count = ready.len().min(buffer.len());
        if let (Some(from), Some(to)) = (ready.get(..count), buffer.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.ready.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflated(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        Inflate::new(packed, &ample()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn what_was_deflated_is_inflated() {
        let numbers: Vec<u8> = (0..200_000_u32)
            .flat_map(|number| number.wrapping_mul(number).to_le_bytes())
            .collect();
        for bytes in [&b""[..], b"x", &vec![7; 1 << 20], &numbers] {
            assert!(inflated(&deflated(bytes)).unwrap() == bytes);
        }
    }

    #[test]
    fn what_follows_the_stream_is_left_alone() {
        let budget = ample();
        let packed = [&deflated(b"one")[..], &deflated(b"two"), b"rest"].concat();
        let mut inflate = Inflate::new(&packed[..], &budget);
        let mut text = String::new();
        inflate.read_to_string(&mut text).unwrap();
        inflate.restart();
        inflate.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), inflate.into_inner()), ("onetwo", &b"rest"[..]));
    }

    #[test]
    fn cut_off_or_damaged_streams_are_refused() {
        let packed = deflated(b"some text, some text");
        for length in 0..packed.len() {
            let error = inflated(&packed[..length]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
        // A block of the kind that there is not.
        assert_eq!(inflated(&[7]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn blocks_that_hold_nothing_are_charged() {
        let stored = [0, 0, 0, 0xff, 0xff].repeat(500_000);
        let fixed = [0x02, 0x08, 0x20, 0x80, 0x00].repeat(500_000);
        for packed in [stored, fixed] {
            assert_eq!(
                inflated(&packed).unwrap_err().kind(),
                io::ErrorKind::QuotaExceeded
            );
        }
    }
}
