//! The bytes of a package: metered by a budget, bounded, and hashed while they are read.

use std::io::{Read, Seek};

pub(super) mod bounded;
pub(super) mod budget;
pub(super) mod hashing;

/// The bytes that a reader reads: seekable, and not necessarily in memory.
///
/// Readers read and seek in small steps, so a source over a network caches the blocks that it read last.
/// A reader considers every failed read to be damage of the file. A source that can fail for other
/// reasons (ranged reads over a network) remembers its failure, and its owner checks for that first.
pub trait Source: Read + Seek {}
impl<S: Read + Seek> Source for S {}
