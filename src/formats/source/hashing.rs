//! Digests of a whole file, taken while it is read.

use std::io::{self, Read};

use sha2::digest::Digest;

/// Reads on, and digests what passes. Layers of it take several digests in one pass.
pub(crate) struct Hashing<R, D> {
    inner: R,
    digest: D,
    size: u64,
}

impl<R: Read, D: Digest> Hashing<R, D> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            digest: D::new(),
            size: 0,
        }
    }

    /// Reads whatever is left; gives what was below, the digest and the number of bytes.
    pub(crate) fn finish(mut self) -> io::Result<(R, Vec<u8>, u64)> {
        io::copy(&mut self, &mut io::sink())?;
        Ok((self.inner, self.digest.finalize().to_vec(), self.size))
    }
}

impl<R: Read, D: Digest> Read for Hashing<R, D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.digest.update(buffer.get(..read).unwrap_or_default());
        self.size += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use md5::Md5;
    use sha1::Sha1;

    use super::*;

    #[test]
    fn digests_are_taken_in_one_pass() {
        let mut reading: Hashing<_, Sha1> = Hashing::new(Hashing::<_, Md5>::new(&b"abc"[..]));
        reading.read_exact(&mut [0]).unwrap();
        let (inner, sha1, size) = reading.finish().unwrap();
        let (_, md5, _) = inner.finish().unwrap();
        assert_eq!(hex::encode(&sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex::encode(&md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(size, 3);
    }
}
