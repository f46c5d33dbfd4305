//! The interface between the engine and an ecosystem: what a renderer knows, and nothing else does.

use crate::ecosystem::Ecosystem;
use crate::records::{Package, Registry};

/// Largest member, in bytes. A package that needs more is left out.
pub const MAX_MEMBER_BYTES: usize = 100_000;

/// The renderers of an ecosystem's indexes, handed to whoever has registries of all ecosystems before them.
pub type Renderers = fn(Ecosystem) -> &'static [&'static dyn Renderer];

/// An ecosystem's way to write documents about all packages of a registry.
///
/// A document is a prologue, the entries of all names in the order of their normalized spelling, and an epilogue. The
/// engine keeps the entries in blocks, and asks for those of a name again only when a package of a name nearby changes.
pub trait Renderer: Send + Sync + 'static {
    /// Name of the format: a new one for each change after which the same members are rendered otherwise.
    fn format(&self) -> &'static str;

    /// Names of the documents.
    fn documents(&self) -> &'static [&'static str];

    /// Whether clients compare digests of this document's text: reading it all costs each fold some time.
    fn has_text_digests(&self, _document: usize) -> bool {
        false
    }

    /// Member of the index that a package becomes: a text of the renderer's own, of at most [`MAX_MEMBER_BYTES`].
    ///
    /// # Errors
    /// The reason for which the package is left out.
    fn member(&self, package: &Package, metadata: &str) -> Result<Vec<u8>, String>;

    /// Appends to each document what the members of one name contribute, which come in the order of their packages'
    /// ids. Returns the number of entries added to each.
    fn render(&self, name: &str, members: &[&[u8]], documents: &mut [Vec<u8>]) -> Vec<u64>;

    /// Text before the entries of a document, of which there are so many.
    fn prologue(&self, _document: usize, _entries: u64, _registry: &Registry) -> Vec<u8> {
        Vec::new()
    }

    /// Text after the entries of a document.
    fn epilogue(&self, _document: usize) -> Vec<u8> {
        Vec::new()
    }
}
