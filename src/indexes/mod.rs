//! Indexes: documents about all packages of a registry, which show every publish and delete that was answered.
//!
//! A publish or delete leaves a change in its own transaction, under a key that is new. A reader reads the changes, then
//! the head, and folds into the index what the head has not taken in yet; so a read that began after a publish was
//! answered shows it, without a lock or a server that waits. `docs/INDEXES.md` explains the protocol, [`fold`] has its
//! steps.
//!
//! The engine knows no ecosystem: a [`Renderer`] writes what the documents contain.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::address::RegistryAddress;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::packages::Context;
use crate::records::{Changes, Head, Records, Registry};

mod blocks;
mod build;
mod check;
mod edits;
mod fold;
mod gzip;
mod members;
mod renderer;
mod state;
mod weave;

pub use check::{LeftOut, MAX_NAMED, Report, check};
pub use renderer::{MAX_MEMBER_BYTES, Renderer, Renderers};

/// One index of a registry: the documents of one renderer.
struct Index<'a> {
    context: &'a Context,
    registry: &'a Registry,
    renderer: &'static dyn Renderer,
}

/// A document of an index, as its current state has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The text as one member of gzip.
    pub gzip: Bytes,
    /// SHA-256 of these bytes.
    pub gzip_sha256: Digest<32>,
    /// Bytes of the text.
    pub text_bytes: u64,
    /// SHA-256 of the text, if the renderer wants it.
    pub text_sha256: Option<Digest<32>>,
    /// MD5 of the text, if the renderer wants it.
    pub text_md5: Option<Digest<16>>,
    /// When the index changed last, in seconds since 1970.
    pub modified: u64,
    /// Packages in the index.
    pub members: u64,
    /// Packages that it could not take in.
    pub left_out: u64,
}

/// A document in the current state of its index, before it is read.
pub(crate) struct Found<'a> {
    index: Index<'a>,
    head: Head,
    name: &'a str,
}

impl Document {
    /// The text.
    ///
    /// # Errors
    /// [`Error::Internal`] where the stored document is damaged.
    pub fn text(&self) -> Result<Vec<u8>> {
        let text = gzip::text(&self.gzip, self.text_bytes);
        text.ok_or_else(|| Error::Internal("a document of an index is damaged".to_owned()))
    }
}

/// Reads a document of a registry, with every publish and delete that was answered before `changes` was read.
///
/// One round trip where nothing has changed, and one more for a document that this sandbox has not in memory.
///
/// # Errors
/// [`Error::NotFound`] where the renderer has no such document, or the registry was made anew;
/// [`Error::Unavailable`] where there was not enough time to take in what changed.
pub async fn document(
    context: &Context,
    registry: &Registry,
    renderer: &'static dyn Renderer,
    name: &str,
    changes: Changes,
) -> Result<Document> {
    let found = find(context, registry, renderer, name, changes).await?;
    found.read().await
}

/// Finds a document as [`document`] does, of which nothing is read yet but its digests: where nothing has changed, in
/// one round trip.
///
/// # Errors
/// As of [`document`].
pub(crate) async fn find<'a>(
    context: &'a Context,
    registry: &'a Registry,
    renderer: &'static dyn Renderer,
    name: &'a str,
    changes: Changes,
) -> Result<Found<'a>> {
    if !renderer.documents().contains(&name) {
        return Err(Error::NotFound(format!(
            "This registry has no document `{name}`."
        )));
    }
    let index = Index {
        context,
        registry,
        renderer,
    };
    let head = index.current(changes).await?;
    Ok(Found { index, head, name })
}

impl Found<'_> {
    /// SHA-256 of the document in gzip.
    pub(crate) fn gzip_sha256(&self) -> Option<Digest<32>> {
        let entry = self.head.documents.get(self.name)?;
        Some(entry.sha256)
    }

    /// MD5 of its text, if the renderer wants it.
    pub(crate) fn text_md5(&self) -> Option<Digest<16>> {
        let entry = self.head.documents.get(self.name)?;
        entry.text_md5
    }

    /// Reads the document, in one round trip where this sandbox does not have it in memory. It may be of a later state, whose
    /// digests are others.
    ///
    /// # Errors
    /// As of [`document`].
    pub(crate) async fn read(self) -> Result<Document> {
        let Self { index, head, name } = self;
        if let Some(document) = index.read(&head, name).await? {
            return Ok(document);
        }
        // Another state may have taken its place a day ago.
        let newer = index.current(Changes::unread()).await?;
        if newer.revision != head.revision
            && let Some(document) = index.read(&newer, name).await?
        {
            return Ok(document);
        }
        // The bucket has lost what the head names, as a restore may leave it.
        let head = match index.rebuild(Some(newer.built_at)).await? {
            Some(head) => head,
            None => index.current(Changes::unread()).await?,
        };
        let document = index.read(&head, name).await?;
        document.ok_or_else(|| Error::Internal(format!("the document `{name}` cannot be read")))
    }
}

/// Brings an index up to date, without reading a document, and makes the scan that is due.
///
/// # Errors
/// As of [`document`].
pub(crate) async fn refresh(
    context: &Context,
    registry: &Registry,
    renderer: &'static dyn Renderer,
) -> Result<()> {
    let index = Index {
        context,
        registry,
        renderer,
    };
    let head = index.current(Changes::unread()).await?;
    if head.is_scan_due() {
        // Readers had not enough time for it, and one of them may have claimed it again.
        index.rebuild(None).await?;
    }
    Ok(())
}

/// The objects that the heads of all indexes at an address name, those of earlier registries too; `None` where a state
/// is damaged, so that it cannot be known.
pub(crate) async fn named_objects(
    records: &Records,
    files: &Files,
    address: &RegistryAddress,
) -> Result<Option<BTreeSet<Uuid>>> {
    let mut named = BTreeSet::new();
    let heads = records.heads_at(address).await?;
    for head in heads.into_iter().filter(|head| !head.is_planned) {
        named.insert(head.manifest);
        named.extend(head.documents.values().map(|document| document.object));
        let bytes = files.index(address, head.manifest).await?;
        let manifest = bytes.and_then(|bytes| serde_json::from_slice::<blocks::Manifest>(&bytes).ok());
        match manifest {
            Some(manifest) => named.extend(manifest.blocks.iter().map(|block| block.segment.object)),
            // It is built anew, and its objects go then.
            None if head.is_restored => {}
            None => return Ok(None),
        }
    }
    Ok(Some(named))
}

/// Builds a registry's index from all packages, whatever its state is.
///
/// # Errors
/// Where the table or the bucket fails, or there was not enough time.
pub async fn rebuild(
    context: &Context,
    registry: &Registry,
    renderer: &'static dyn Renderer,
) -> Result<Built> {
    let index = Index {
        context,
        registry,
        renderer,
    };
    let built = index.rebuild(None).await?;
    let head = built.ok_or_else(|| Error::Internal("an index was not built".to_owned()))?;
    Ok(Built {
        index: renderer.format().to_owned(),
        members: head.members,
        left_out: head.left_out,
    })
}

/// An index that has been built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Built {
    /// Format of its renderer.
    pub index: String,
    /// Packages in it.
    pub members: u64,
    /// Packages that it could not take in.
    pub left_out: u64,
}

impl Index<'_> {
    /// A document of a state; `None` where the bucket does not have it.
    async fn read(&self, head: &Head, name: &str) -> Result<Option<Document>> {
        let Some(entry) = head.documents.get(name) else {
            return Ok(None);
        };
        let address = &self.registry.address;
        let bytes = self.context.files.index(address, entry.object).await?;
        Ok(bytes.map(|gzip| Document {
            gzip,
            gzip_sha256: entry.sha256,
            text_bytes: entry.text_bytes,
            text_sha256: entry.text_sha256,
            text_md5: entry.text_md5,
            modified: head.modified,
            members: head.members,
            left_out: head.left_out,
        }))
    }
}
