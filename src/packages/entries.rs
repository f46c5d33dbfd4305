//! Entries of packages: short texts that are made of a package's metadata, which never changes. An index of a name
//! with many packages keeps them in one object of the bucket, and every sandbox those that it has read in memory, so that
//! not every package is read again for it.
//!
//! Either is a cache of things that never change, so whatever of it is found is right, whoever wrote it: of two
//! writers the last one wins, and what either lacks is read from the packages. The bucket removes its object a week later.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{Context, Metadata};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files::ObjectKey;
use crate::id::PackageId;
use crate::records::{MAX_BATCH_KEYS, Package, Registry};

/// Packages up to which all are read: fewer are one batch of the table.
const MAX_READ: usize = 50;
/// Packages that may be missing in what is kept before the object is written anew.
const MAX_MISSING: usize = 25;
/// Bytes of all entries of a name together.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Batches of packages, and objects of metadata, that are read at once.
const CONCURRENCY: usize = 4;

/// How an entry is made of a package and its metadata. None where it has none.
pub(crate) type MakeEntry = fn(&Package, &str) -> Option<String>;

/// Kind of entries: its name, which changes with what it holds, and its maker. No entry has a line break.
#[derive(Clone, Copy)]
pub(crate) struct EntryKind {
    pub(crate) name: &'static str,
    pub(crate) make: MakeEntry,
}

/// A name's kept entries, where there are any. Some of their packages may be gone, and some of the name's may be missing.
#[derive(Debug)]
pub(crate) struct KeptEntries(Option<Bytes>);

/// Reads the kept entries of a name. One round trip, none where this sandbox has them.
///
/// # Errors
/// Where the bucket fails.
pub(crate) async fn kept_entries(
    context: &Context,
    registry: &Registry,
    kind: EntryKind,
    name: &str,
) -> Result<KeptEntries> {
    let key = key(registry, kind, name);
    let kept = match context.files.kept_entries(&key) {
        Some(bytes) => Some(bytes),
        None => context.files.read(&key, MAX_BYTES as u64).await?,
    };
    Ok(KeptEntries(kept))
}

/// Key of a name's kept entries.
fn key(registry: &Registry, kind: EntryKind, name: &str) -> ObjectKey {
    let identity = format!("{}/{}/{name}", kind.name, registry.id);
    ObjectKey::entries(&registry.address, Digest::sha256(identity.as_bytes()))
}

/// The entries of these packages of one name; those of packages that are gone or have none are missing.
///
/// `kept` are the name's kept entries, if they have been read already. No round trip where this sandbox has all. Else one
/// for few packages; for many, one to read what is kept, and one more where that lacks some.
///
/// # Errors
/// A 422 where they are too large together; [`Error::MetadataMissing`] where that of a package cannot be read.
pub(crate) async fn entries(
    context: &Context,
    registry: &Registry,
    kind: EntryKind,
    name: &str,
    ids: &[PackageId],
    kept: Option<KeptEntries>,
) -> Result<HashMap<PackageId, String>> {
    let key = key(registry, kind, name);
    let KeptEntries(kept) = match kept {
        Some(kept) => kept,
        None if ids.len() <= MAX_READ => KeptEntries(context.files.kept_entries(&key)),
        None => kept_entries(context, registry, kind, name).await?,
    };
    let mut entries = kept.map(|bytes| parse(&bytes, ids)).unwrap_or_default();
    let missing: Vec<_> = ids
        .iter()
        .filter(|id| !entries.contains_key(id))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(entries);
    }
    entries.extend(read(context, registry, kind, &missing).await?);
    if entries.values().map(String::len).sum::<usize>() > MAX_BYTES - ids.len() * LINE_BYTES {
        let message = format!(
            "The versions of `{name}` take more than {MAX_BYTES} bytes together. Delete old ones through the API."
        );
        return Err(Error::invalid("name", "too_large", message));
    }
    let bytes = written(&entries);
    context.files.keep_entries(&key, &bytes);
    if ids.len() > MAX_READ && missing.len() > MAX_MISSING {
        let digest = Digest::sha256(&bytes);
        if let Err(error) = context.files.put(&key, bytes, digest).await {
            tracing::warn!(cause = error.cause(), "the entries of a name were not kept");
        }
    }
    Ok(entries)
}

/// The entry of one package; `None` where that is gone or has none. One round trip, none where this sandbox has it.
///
/// # Errors
/// [`Error::MetadataMissing`] where its metadata cannot be read.
pub(crate) async fn entry(
    context: &Context,
    registry: &Registry,
    kind: EntryKind,
    name: &str,
    id: PackageId,
) -> Result<Option<String>> {
    let kept = context.files.kept_entries(&key(registry, kind, name));
    if let Some(entry) = kept.and_then(|bytes| parse(&bytes, &[id]).remove(&id)) {
        return Ok(Some(entry));
    }
    Ok(read(context, registry, kind, &[id]).await?.remove(&id))
}

/// Bytes of a line beside its entry.
const LINE_BYTES: usize = 36 + 2;

/// The entries as the object holds them, a line each.
fn written(entries: &HashMap<PackageId, String>) -> Bytes {
    let length = entries.values().map(|entry| entry.len() + LINE_BYTES).sum();
    let mut text = String::with_capacity(length);
    for (id, entry) in entries {
        text.push_str(&format!("{id} {entry}\n"));
    }
    text.into()
}

/// Those of the kept entries that are asked for.
fn parse(bytes: &[u8], ids: &[PackageId]) -> HashMap<PackageId, String> {
    let wanted: std::collections::HashSet<_> = ids.iter().copied().collect();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    // A last line without its end would be cut off.
    let lines = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    lines
        .filter_map(|line| {
            let (id, entry) = line.split_once(' ')?;
            let id = id.parse().ok().filter(|id| wanted.contains(id))?;
            Some((id, entry.to_owned()))
        })
        .collect()
}

/// Makes the entries of packages, which are read for it, some batches at once.
async fn read(
    context: &Context,
    registry: &Registry,
    kind: EntryKind,
    ids: &[PackageId],
) -> Result<HashMap<PackageId, String>> {
    let batches: Vec<Vec<PackageId>> = ids.chunks(MAX_BATCH_KEYS).map(<[_]>::to_vec).collect();
    let batches = batches
        .into_iter()
        .map(|ids| async move { batch(context, registry, kind, &ids).await });
    let entries: Vec<Vec<(PackageId, String)>> = stream::iter(batches)
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(entries.into_iter().flatten().collect())
}

async fn batch(
    context: &Context,
    registry: &Registry,
    kind: EntryKind,
    ids: &[PackageId],
) -> Result<Vec<(PackageId, String)>> {
    let packages = context.records.packages_of(registry, ids).await?;
    let entries = packages.into_values().map(|package| async move {
        let metadata = Metadata::find_listed(context, registry, &package).await?;
        let entry = metadata.and_then(|metadata| (kind.make)(&package, &String::from(metadata)));
        Ok::<_, Error>(entry.map(|entry| (package.id, entry)))
    });
    let entries: Vec<Option<(PackageId, String)>> = stream::iter(entries)
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(entries.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_entries_read_back() {
        let [first, second, other] = [PackageId::mint(), PackageId::mint(), PackageId::mint()];
        let entries = HashMap::from([(first, "a b".to_owned()), (second, String::new())]);
        let bytes = written(&entries);
        assert_eq!(parse(&bytes, &[first, second, other]), entries);
        assert_eq!(parse(&bytes, &[other]), HashMap::new());
        let cut = &bytes[..bytes.len() - 1];
        assert_eq!(parse(cut, &[first, second]).len(), 1);
        assert_eq!(parse(b"\xff\n nothing\n", &[first]), HashMap::new());
    }
}
