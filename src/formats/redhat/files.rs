//! The file list of an RPM package, as `filelists.xml` has it.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::super::Rejection;
use super::super::tarball::MAX_PATH;
use super::header::Header;
use super::tag;

/// Files of a package, and folders that they lie in.
const MAX_FILES: usize = 200_000;
const MAX_FOLDERS: usize = 20_000;
/// What a folder, named with its slash, holds of the package.
#[derive(Debug, Default, Serialize)]
pub(super) struct Folder {
    path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    folders: Vec<String>,
    /// Files that belong to the package but are not in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ghosts: Vec<String>,
}

/// Which of the `wanted` paths are the package's own. One pass, and no path is written out for
/// longer than it takes to look at it.
pub(super) fn own_files(header: &Header, wanted: &HashSet<&str>) -> HashSet<String> {
    if wanted.is_empty() {
        return HashSet::new();
    }
    let folders: Vec<_> = header.texts(tag::DIRNAMES).take(MAX_FOLDERS).collect();
    let written = |path: Path| {
        let folder = usize::try_from(path.folder).ok()?;
        let folder = folders.get(folder).filter(|folder| folder.len() <= MAX_PATH)?;
        Some(format!("{folder}{}", path.name))
    };
    paths(header)
        .take(MAX_FILES)
        .filter_map(written)
        .filter(|path| wanted.contains(path.as_str()))
        .collect()
}

/// A file of the package: the number of its folder, its name, its mode and flags.
struct Path {
    folder: u64,
    name: String,
    mode: u64,
    flags: u64,
}

fn paths(header: &Header) -> impl Iterator<Item = Path> {
    let names = header.numbers(tag::DIRINDEXES).zip(header.texts(tag::BASENAMES));
    let kinds = header.numbers(tag::FILEMODES).zip(header.numbers(tag::FILEFLAGS));
    names.zip(kinds).map(|((folder, name), (mode, flags))| Path {
        folder,
        name,
        mode,
        flags,
    })
}

/// The file list, folder by folder: no path is written out, as many may share a long folder.
pub(super) fn folders(header: &Header) -> Result<Vec<Folder>, Rejection> {
    let mut folders: BTreeMap<u64, Folder> = (0..)
        .zip(header.texts(tag::DIRNAMES).take(MAX_FOLDERS + 1))
        .map(|(index, path)| {
            let folder = Folder {
                path,
                ..Folder::default()
            };
            (index, folder)
        })
        .collect();
    let mut count = 0;
    for path in paths(header).take(MAX_FILES + 1) {
        count += 1;
        let Some(folder) = folders.get_mut(&path.folder) else {
            let message = "the header names a file in a folder that it does not name";
            return Err(Rejection::new("header", message));
        };
        if path.mode & S_IFMT == S_IFDIR {
            folder.folders.push(path.name);
        } else if path.flags & GHOST != 0 {
            folder.ghosts.push(path.name);
        } else {
            folder.files.push(path.name);
        }
    }
    if count > MAX_FILES || folders.len() > MAX_FOLDERS {
        let message = format!("the package holds more than {MAX_FILES} files or {MAX_FOLDERS} folders");
        return Err(Rejection::new("header", message));
    }
    Ok(folders.into_values().collect())
}

/// The type in a file's mode, and that of folders.
const S_IFMT: u64 = 0o170_000;
const S_IFDIR: u64 = 0o040_000;
/// `RPMFILE_GHOST`.
const GHOST: u64 = 1 << 6;
