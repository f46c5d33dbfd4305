//! The documents of a new state: what is new is rendered and compressed, everything else is taken from the documents
//! before, compressed as it is.

use std::collections::BTreeMap;

use bytes::Bytes;
use uuid::Uuid;

use super::blocks::{self, Block, Manifest, Member, Names, Segment};
use super::gzip::{self, Part};
use super::renderer::Renderer;
use crate::digest::Digest;
use crate::records::Registry;

/// A state whose documents do not fit its manifest, or that cannot be read: it is to be built anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// One piece of the new state, in the order of names.
pub(super) enum Piece {
    /// The block before at this position, as it is.
    Kept(usize),
    /// New or changed names, in as many blocks as they need.
    Fresh(Names),
}

/// The state before, as far as it is taken over.
#[derive(Default)]
pub(super) struct Before {
    pub(super) manifest: Manifest,
    /// The bytes of each document.
    pub(super) documents: Vec<Bytes>,
}

/// A new state, of which nothing has been stored.
pub(super) struct Woven {
    pub(super) manifest: Manifest,
    /// The object in which the new segments lie, by its id; none where there are none.
    pub(super) segments: Option<(Uuid, Vec<u8>)>,
    pub(super) documents: Vec<Document>,
}

/// A document of a new state.
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: Digest<32>,
    pub(super) text_bytes: u64,
    pub(super) text_sha256: Option<Digest<32>>,
    pub(super) text_md5: Option<Digest<16>>,
}

/// A block of the new state, and the bytes of its parts where they are new.
struct Laid {
    block: Block,
    from: Origin,
}

enum Origin {
    Before(usize),
    Fresh(Vec<Vec<u8>>),
}

/// Makes a state of these pieces. Its new segments are to be stored as the object `segments_id`.
///
/// # Errors
/// Where the documents before do not have the parts that their manifest names.
pub(super) fn weave(
    renderer: &dyn Renderer,
    registry: &Registry,
    before: &Before,
    pieces: Vec<Piece>,
    segments_id: Uuid,
) -> Result<Woven, Damaged> {
    let mut segments = Vec::new();
    let mut laid = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Kept(position) => {
                let block = before.manifest.blocks.get(position).ok_or(Damaged)?.clone();
                let from = Origin::Before(position);
                laid.push(Laid { block, from });
            }
            Piece::Fresh(names) => {
                let fresh = blocks::cut(names).into_iter();
                laid.extend(fresh.filter_map(|names| render(renderer, &names, &mut segments, segments_id)));
            }
        }
    }
    let mut documents = Vec::new();
    let mut prologues = Vec::new();
    for number in 0..renderer.documents().len() {
        let (prologue, document) = join(renderer, registry, before, &laid, number)?;
        prologues.push(prologue);
        documents.push(document);
    }
    let blocks = laid.into_iter().map(|laid| laid.block).collect();
    Ok(Woven {
        manifest: Manifest { blocks, prologues },
        segments: (!segments.is_empty()).then_some((segments_id, segments)),
        documents,
    })
}

/// Renders a block, and appends its segment.
fn render(renderer: &dyn Renderer, names: &Names, segments: &mut Vec<u8>, segments_id: Uuid) -> Option<Laid> {
    let (first, _) = names.first_key_value()?;
    let mut texts = vec![Vec::new(); renderer.documents().len()];
    let mut entries = vec![0; texts.len()];
    let mut members = 0;
    for (name, packages) in names {
        let taken: Vec<_> = packages.values().filter_map(Member::taken).collect();
        members += taken.len() as u64;
        if taken.is_empty() {
            continue;
        }
        let added = renderer.render(name, &taken, &mut texts);
        for (entries, added) in entries.iter_mut().zip(added) {
            *entries += added;
        }
    }
    let (text_bytes, bytes) = blocks::write_segment(names);
    let segment = Segment {
        object: segments_id,
        offset: segments.len() as u64,
        bytes: bytes.len() as u64,
        text_bytes,
    };
    segments.extend_from_slice(&bytes);
    let compressed = texts.iter().zip(entries);
    let (parts, bytes) = compressed
        .map(|(text, entries)| gzip::part(text, entries))
        .unzip();
    Some(Laid {
        block: Block {
            first: first.clone(),
            members,
            left_out: blocks::count(names) as u64 - members,
            segment,
            parts,
        },
        from: Origin::Fresh(bytes),
    })
}

/// Joins the parts of one document. Returns the bytes of its prologue, too.
fn join(
    renderer: &dyn Renderer,
    registry: &Registry,
    before: &Before,
    laid: &[Laid],
    number: usize,
) -> Result<(u64, Document), Damaged> {
    let part_of = |block: &Block| block.parts.get(number).copied().ok_or(Damaged);
    let offsets = offsets(&before.manifest, number)?;
    let mut entries = 0;
    for laid in laid {
        entries += part_of(&laid.block)?.entries;
    }
    let mut member = gzip::Member::new();
    let (prologue, bytes) = gzip::part(&renderer.prologue(number, entries, registry), 0);
    member.add(prologue, &bytes);
    for laid in laid {
        let part = part_of(&laid.block)?;
        let bytes = match &laid.from {
            Origin::Fresh(parts) => parts.get(number).map(Vec::as_slice),
            Origin::Before(position) => {
                let document = before.documents.get(number).ok_or(Damaged)?;
                let offset = *offsets.get(*position).ok_or(Damaged)?;
                piece(document, offset, part)
            }
        };
        member.add(part, bytes.ok_or(Damaged)?);
    }
    let (epilogue, bytes) = gzip::part(&renderer.epilogue(number), 0);
    member.add(epilogue, &bytes);
    let text_bytes = member.text_bytes;
    let bytes = member.finish();
    let text = if renderer.has_text_digests(number) {
        Some(gzip::text(&bytes, text_bytes).ok_or(Damaged)?)
    } else {
        None
    };
    Ok((
        prologue.bytes,
        Document {
            sha256: Digest::sha256(&bytes),
            bytes,
            text_bytes,
            text_sha256: text.as_deref().map(Digest::sha256),
            text_md5: text.as_deref().map(Digest::md5),
        },
    ))
}

/// Where the part of each block begins in a document.
fn offsets(manifest: &Manifest, number: usize) -> Result<Vec<u64>, Damaged> {
    let mut offset = gzip::Member::START + manifest.prologues.get(number).copied().unwrap_or_default();
    let mut offsets = Vec::new();
    for block in &manifest.blocks {
        offsets.push(offset);
        offset += block.parts.get(number).ok_or(Damaged)?.bytes;
    }
    Ok(offsets)
}

fn piece(document: &[u8], offset: u64, part: Part) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = usize::try_from(offset.checked_add(part.bytes)?).ok()?;
    document.get(start..end)
}

impl Member {
    fn taken(&self) -> Option<&[u8]> {
        match self {
            Self::Taken(bytes) => Some(bytes),
            Self::LeftOut(_) => None,
        }
    }
}

/// Changes to the packages of some names: what each becomes, or that it is gone.
pub(super) type Edits = BTreeMap<String, BTreeMap<crate::id::PackageId, Option<Member>>>;

/// Applies changes to names.
pub(super) fn edit(names: &mut Names, edits: Edits) {
    for (name, packages) in edits {
        let known = names.entry(name.clone()).or_default();
        for (id, member) in packages {
            match member {
                // It was made of the same metadata when that could be read.
                Some(member) if member.lacks_metadata() => {
                    known.entry(id).or_insert(member);
                }
                Some(member) => drop(known.insert(id, member)),
                None => drop(known.remove(&id)),
            }
        }
        if known.is_empty() {
            names.remove(&name);
        }
    }
}
