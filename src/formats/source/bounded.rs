//! Reading within a bound, with an error beyond it.
//!
//! `Read::take` ends silently at its limit, so that an attack would look like a complete package.

use std::io::{self, Read, Seek, SeekFrom};

use crate::formats::manifest::Rejection;
use crate::formats::source::budget::Budget;

/// Bytes that are read before they are charged.
const BLOCK_BYTES: u64 = 256 * 1024;

/// Hands on at most `limit` bytes, and charges each; the first byte beyond is an error of kind
/// `FileTooLarge`.
pub(crate) struct Bounded<'b, R> {
    inner: R,
    limit: u64,
    left: u64,
    budget: &'b Budget,
}

impl<'b, R: Read> Bounded<'b, R> {
    pub(crate) fn new(inner: R, limit: u64, budget: &'b Budget) -> Self {
        Self {
            inner,
            limit,
            left: limit,
            budget,
        }
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(beyond(self.limit)),
            };
        }
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.inner.read(&mut buffer[..wanted])?;
        self.budget.bytes(read)?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Reads everything from `reader`, at most `limit` bytes. The memory is charged while it grows.
pub(crate) fn read_all(reader: impl Read, limit: u64, budget: &Budget) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut bounded = Bounded::new(reader, limit, budget);
    loop {
        let block = (&mut bounded).take(BLOCK_BYTES).read_to_end(&mut bytes)?;
        if block == 0 {
            return Ok(bytes);
        }
        budget.keep(block)?;
    }
}

/// The number of bytes in `source`, which is left at its beginning.
pub(crate) fn length_of(source: &mut (impl Seek + ?Sized)) -> io::Result<u64> {
    let length = source.seek(SeekFrom::End(0))?;
    source.rewind()?;
    Ok(length)
}

/// The error of a damaged file; `what` is a phrase that follows "cannot be read".
pub(crate) fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn beyond(limit: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("is larger than the {limit} bytes that are read of it"),
    )
}

/// Turns an error of reading `field` into a rejection.
pub(crate) fn unreadable(field: &'static str) -> impl Fn(io::Error) -> Rejection {
    move |error| {
        let message = match error.kind() {
            io::ErrorKind::FileTooLarge => {
                format!("`{field}` {error}; build the package again with less in it.")
            }
            io::ErrorKind::UnexpectedEof => {
                format!("`{field}` is cut off: the file ends before it does; publish the whole file.")
            }
            _ => format!("`{field}` cannot be read ({error}): the file is damaged; build the package again."),
        };
        Rejection::new(field, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    #[test]
    fn exactly_the_limit_is_read() {
        assert_eq!(read_all(&b"1234"[..], 4, &ample()).unwrap(), b"1234");
    }

    #[test]
    fn bytes_beyond_the_limit_are_an_error() {
        let error = read_all(&b"12345"[..], 4, &ample()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
