//! Packages that are made to be expensive: a file per format, and in it a family per way.
//!
//! A family makes a file of about as many bytes as it is told, and of twice as many one that is twice
//! as bad. `benches/function.rs` publishes the largest of them, as a form and as an upload, and sees
//! how their cost grows; each has to be refused.

use super::file::File;

pub(crate) mod alpine;
pub(crate) mod debian;
pub(crate) mod deflate;
pub(crate) mod files;
pub(crate) mod helm;
pub(crate) mod java;
pub(crate) mod javascript;
pub(crate) mod nuget;
pub(crate) mod python;
pub(crate) mod redhat;
pub(crate) mod ruby;
pub(crate) mod terraform;
pub(crate) mod tgz;
pub(crate) mod xml;
pub(crate) mod yaml;
pub(crate) mod zip;

/// Bytes of the largest file that a form carries.
pub(crate) const LARGEST_FORM: usize = 4_300_000;

/// A version that every reader takes, and that is refused for its length when all has been read.
pub(crate) const TOO_LONG: &str = "\
    111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111\
    1111111111111111111111111111111111111111";

/// Makes a file of about so many bytes.
pub(crate) type Build = fn(usize) -> Vec<u8>;

/// One way to be expensive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Family {
    /// Name of the part of which there is too much.
    pub(crate) name: &'static str,
    pub(crate) ecosystem: &'static str,
    pub(crate) filename: &'static str,
    /// Makes the bytes: at most about so many, fewer where the format itself takes no more.
    pub(crate) build: Build,
}

/// Part of which there is too much, and the function that makes the bytes of a [`Family`].
pub(crate) type Way = (&'static str, Build);

impl Family {
    pub(crate) fn file(&self, size: usize) -> File {
        File::new(self.filename, (self.build)(size))
    }
}

/// Every family of every format. A new format's are added here.
pub(crate) fn families() -> Vec<Family> {
    [
        alpine::families(),
        debian::families(),
        files::families(),
        helm::families(),
        java::families(),
        javascript::families(),
        nuget::families(),
        python::families(),
        redhat::families(),
        ruby::families(),
        terraform::families(),
    ]
    .concat()
}

/// `part` again and again, up to `size` bytes.
pub(crate) fn filled(part: &[u8], size: usize) -> Vec<u8> {
    part.repeat(size / part.len())
}
