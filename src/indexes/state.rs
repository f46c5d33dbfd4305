//! A state of an index in the bucket: its manifest, segments and documents.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::Index;
use super::blocks::{self, MIN_MEMBERS, Manifest, Member, Names, Segment};
use super::members::Room;
use super::weave::{Before, Damaged, Edits, Piece, Woven, edit, weave};
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::{Head, HeadDocument};
use crate::time::epoch_seconds;

/// Objects that are read or written at the same time.
const CONCURRENCY: usize = 16;

/// An object to be put: its id and its bytes.
type Object = (Uuid, Vec<u8>);

impl Index<'_> {
    /// The manifest of a state; `None` where it is missing or damaged.
    pub(super) async fn manifest(&self, head: &Head) -> Result<Option<Manifest>> {
        let bytes = self
            .context
            .files
            .index(&self.registry.address, head.manifest)
            .await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// The members of a block.
    pub(super) async fn segment(&self, segment: Segment) -> Result<Option<Names>> {
        let place = (segment.offset, segment.bytes);
        let bytes = self
            .context
            .files
            .index_piece(&self.registry.address, segment.object, place);
        let bytes = bytes.await?;
        Ok(bytes.and_then(|bytes| blocks::read_segment(&bytes, segment.text_bytes)))
    }

    /// The documents of a state in the order of the renderer's, compressed.
    async fn documents(&self, head: &Head) -> Result<Option<Vec<Bytes>>> {
        let names = self.renderer.documents().iter();
        let objects: Option<Vec<_>> = names
            .map(|name| head.documents.get(*name).map(|document| document.object))
            .collect();
        let Some(objects) = objects else { return Ok(None) };
        let reads = objects
            .into_iter()
            .map(|object| self.context.files.index(&self.registry.address, object));
        let read: Vec<_> = stream::iter(reads).buffered(CONCURRENCY).try_collect().await?;
        Ok(read.into_iter().collect())
    }

    /// The new state that `edits` make of the state of `head`; damage where that state cannot be used.
    pub(super) async fn edited(&self, head: &Head, edits: Edits) -> Result<Result<Woven, Damaged>> {
        let (manifest, documents) = tokio::try_join!(self.manifest(head), self.documents(head))?;
        let (Some(manifest), Some(documents)) = (manifest, documents) else {
            return Ok(Err(Damaged));
        };
        let edits = self.bounded(&manifest, edits);
        let Some(pieces) = self.pieces(&manifest, edits).await? else {
            return Ok(Err(Damaged));
        };
        self.woven(Before { manifest, documents }, pieces).await
    }

    /// The edits, without members for which a full index has no room.
    fn bounded(&self, manifest: &Manifest, mut edits: Edits) -> Edits {
        let mut room = Room::beside(manifest.member_bytes());
        for (id, member) in edits.values_mut().flatten() {
            *member = member.take().map(|member| self.within(&mut room, *id, member));
        }
        edits
    }

    /// Members that the state of `head` has of these packages, made when their metadata could be read.
    pub(super) async fn known(
        &self,
        head: &Head,
        packages: &BTreeMap<PackageId, String>,
    ) -> Result<BTreeMap<PackageId, Member>> {
        let mut known = BTreeMap::new();
        let Some(manifest) = self.manifest(head).await? else {
            return Ok(known);
        };
        let positions = packages.values().filter_map(|name| manifest.position(name));
        let positions: BTreeSet<_> = positions.collect();
        for block in positions
            .iter()
            .filter_map(|position| manifest.blocks.get(*position))
        {
            let names = self.segment(block.segment).await?.unwrap_or_default();
            for (id, member) in names.into_values().flatten() {
                if packages.contains_key(&id) && matches!(member, Member::Taken(_)) {
                    known.insert(id, member);
                }
            }
        }
        Ok(known)
    }

    /// The new state of all these packages.
    pub(super) async fn built(&self, names: Names) -> Result<Woven> {
        let woven = self.woven(Before::default(), vec![Piece::Fresh(names)]).await?;
        woven.map_err(|Damaged| Error::Internal("a new index is damaged".to_owned()))
    }

    async fn woven(&self, before: Before, pieces: Vec<Piece>) -> Result<Result<Woven, Damaged>> {
        let (renderer, registry) = (self.renderer, self.registry.clone());
        let weave = move || weave(renderer, &registry, &before, pieces, Uuid::now_v7());
        let woven = tokio::task::spawn_blocking(weave).await;
        woven.map_err(|error| Error::Internal(format!("rendering an index failed: {error}")))
    }

    /// The blocks of the new state: those that nothing touches are kept. A block that has become small is joined to
    /// one beside it.
    async fn pieces(&self, manifest: &Manifest, edits: Edits) -> Result<Option<Vec<Piece>>> {
        let mut by_block: BTreeMap<usize, Edits> = BTreeMap::new();
        for (name, packages) in edits {
            let position = manifest.position(&name).unwrap_or_default();
            by_block.entry(position).or_default().insert(name, packages);
        }
        let Some(mut open) = self
            .segments(manifest, by_block.keys().copied().collect())
            .await?
        else {
            return Ok(None);
        };
        for (position, edits) in by_block {
            edit(open.entry(position).or_default(), edits);
        }
        let is_small = |names: &Names| blocks::count(names) < MIN_MEMBERS;
        let small = open.iter().filter(|(_, names)| is_small(names));
        let small: BTreeSet<usize> = small.map(|(position, _)| *position).collect();
        let beside = |position: &usize| {
            let next = position + 1;
            if next < manifest.blocks.len() {
                Some(next)
            } else {
                position.checked_sub(1)
            }
        };
        let beside = small.iter().filter_map(beside);
        let beside = beside.filter(|position| !open.contains_key(position)).collect();
        let Some(neighbours) = self.segments(manifest, beside).await? else {
            return Ok(None);
        };
        open.extend(neighbours);
        Ok(Some(joined(manifest, open, &small)))
    }

    /// The members of these blocks; `None` where one is damaged.
    async fn segments(
        &self,
        manifest: &Manifest,
        positions: BTreeSet<usize>,
    ) -> Result<Option<BTreeMap<usize, Names>>> {
        let wanted = positions
            .into_iter()
            .filter_map(|position| Some((position, manifest.blocks.get(position)?.segment)));
        let reads = wanted.map(|(position, segment)| async move {
            let names = self.segment(segment).await;
            names.map(|names| (position, names))
        });
        let read: Vec<_> = stream::iter(reads).buffered(CONCURRENCY).try_collect().await?;
        Ok(read
            .into_iter()
            .map(|(position, names)| Some((position, names?)))
            .collect())
    }

    /// The head of a new state that has taken in no change yet, and the objects that it names and that are to be put
    /// before it. A document that is as `before` stays the object that it is.
    pub(super) fn state_of(
        &self,
        woven: Woven,
        before: Option<&BTreeMap<String, HeadDocument>>,
    ) -> Result<(Head, Vec<Object>)> {
        let mut objects = Vec::new();
        let mut documents = BTreeMap::new();
        for (name, document) in self.renderer.documents().iter().zip(woven.documents) {
            let known = before.and_then(|documents| documents.get(*name));
            let known = known.filter(|known| known.sha256 == document.sha256);
            let object = known.map_or_else(Uuid::now_v7, |known| known.object);
            let entry = HeadDocument {
                object,
                sha256: document.sha256,
                bytes: document.bytes.len() as u64,
                text_bytes: document.text_bytes,
                text_sha256: document.text_sha256,
                text_md5: document.text_md5,
            };
            documents.insert((*name).to_owned(), entry);
            if known.is_none() {
                objects.push((object, document.bytes));
            }
        }
        objects.extend(woven.segments);
        let manifest = Uuid::now_v7();
        let text = serde_json::to_vec(&woven.manifest);
        let text = text.map_err(|error| Error::Internal(format!("a manifest: {error}")))?;
        objects.push((manifest, text));
        let head = Head {
            registry_id: self.registry.id,
            revision: Uuid::now_v7(),
            manifest,
            modified: epoch_seconds(SystemTime::now()),
            built_at: 0,
            scan_due: None,
            unread: None,
            folded: BTreeSet::new(),
            documents,
            members: woven.manifest.members(),
            left_out: woven.manifest.left_out(),
            is_restored: false,
            is_planned: false,
            build: None,
        };
        Ok((head, objects))
    }

    /// Puts objects under keys of their own, so that it does not matter who else is at the index.
    pub(super) async fn put(&self, objects: Vec<Object>) -> Result<()> {
        let address = &self.registry.address;
        let puts = objects
            .into_iter()
            .map(|(id, bytes)| self.context.files.put_index(address, id, bytes.into()));
        let puts: Vec<_> = puts.collect();
        stream::iter(puts)
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }
}

/// The pieces of a new state: a small block is one piece with the open one before it, or after it if it is the first.
fn joined(manifest: &Manifest, mut open: BTreeMap<usize, Names>, small: &BTreeSet<usize>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut is_last_small = false;
    for position in 0..manifest.blocks.len().max(1) {
        let Some(names) = open.remove(&position) else {
            if position < manifest.blocks.len() {
                pieces.push(Piece::Kept(position));
            }
            is_last_small = false;
            continue;
        };
        let is_small = small.contains(&position);
        match pieces.last_mut() {
            Some(Piece::Fresh(before)) if is_small || is_last_small => before.extend(names),
            _ => pieces.push(Piece::Fresh(names)),
        }
        is_last_small = is_small;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexes::blocks::Block;

    /// A manifest of so many blocks, whose first names are `b0`, `b1`, ….
    fn manifest(blocks: usize) -> Manifest {
        let block = |number| Block {
            first: format!("b{number}"),
            members: 1,
            left_out: 0,
            segment: Segment {
                object: Uuid::nil(),
                offset: 0,
                bytes: 0,
                text_bytes: 0,
            },
            parts: Vec::new(),
        };
        Manifest {
            blocks: (0..blocks).map(block).collect(),
            prologues: Vec::new(),
        }
    }

    /// The pieces as text: the positions that are kept, and the names of those that are new.
    fn shown(blocks: usize, open: &[usize], small: &[usize]) -> String {
        let names = |position: &usize| {
            let member = (PackageId::mint(), Member::Taken(Vec::new()));
            let name = format!("b{position}");
            (*position, Names::from([(name, [member].into())]))
        };
        let open = open.iter().map(names).collect();
        let pieces = joined(&manifest(blocks), open, &small.iter().copied().collect());
        let texts = pieces.into_iter().map(|piece| match piece {
            Piece::Kept(position) => position.to_string(),
            Piece::Fresh(names) => names.into_keys().collect::<Vec<_>>().join("+"),
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn small_blocks_are_joined_to_those_beside() {
        for (blocks, open, small, expected) in [
            (3, &[1][..], &[][..], "0 b1 2"),
            (3, &[0, 1], &[], "b0 b1 2"),
            (4, &[1, 2], &[1], "0 b1+b2 3"),
            (4, &[2, 3], &[3], "0 1 b2+b3"),
            (3, &[0, 1, 2], &[1], "b0+b1+b2"),
            (1, &[0], &[0], "b0"),
            (0, &[0], &[0], "b0"),
            (0, &[], &[], ""),
        ] {
            assert_eq!(shown(blocks, open, small), expected, "{open:?}");
        }
    }
}
