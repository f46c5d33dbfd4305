//! The file list of an RPM package, as `filelists.xml` has it.

use std::collections::{HashMap, HashSet};

use super::facts::Folder;
use super::header::Header;
use super::tag;
use super::text::Text;
use crate::formats::manifest::Rejection;

/// Files of a package, and folders that they lie in.
const MAX_FILES: usize = 200_000;
const MAX_FOLDERS: usize = 20_000;

/// The type in a file's mode, and that of folders.
const S_IFMT: u64 = 0o170_000;
const S_IFDIR: u64 = 0o040_000;
/// `RPMFILE_GHOST`.
const GHOST: u64 = 1 << 6;

/// Folders and files of a package. No path is written out, as many may share a long folder.
pub(super) struct Files<'a> {
    folders: Vec<Text<'a>>,
    files: Vec<File<'a>>,
}

/// A file: the number of its folder, its name, its mode and flags.
struct File<'a> {
    folder: usize,
    name: Text<'a>,
    mode: u64,
    flags: u64,
}

impl<'a> Files<'a> {
    pub(super) fn read(header: &'a Header) -> Result<Self, Rejection> {
        let (folders, names) = if header.has(tag::DIRNAMES) {
            names(header)
        } else {
            old_names(header)
        };
        if names.len() > MAX_FILES || folders.len() > MAX_FOLDERS {
            let message =
                format!("The package holds more than {MAX_FILES} files or {MAX_FOLDERS} folders; split it.");
            return Err(Rejection::new("header", message));
        }
        if names.iter().any(|&(folder, _)| folder >= folders.len()) {
            let message =
                "The header lists a file in a folder that it does not list; build the package again.";
            return Err(Rejection::new("header", message));
        }
        let kinds = header.numbers(tag::FILEMODES).zip(header.numbers(tag::FILEFLAGS));
        let files = names.into_iter().zip(kinds);
        let files = files.map(|((folder, name), (mode, flags))| File {
            folder,
            name,
            mode,
            flags,
        });
        Ok(Self {
            folders,
            files: files.collect(),
        })
    }

    /// Which of the `wanted` paths are the package's own.
    pub(super) fn own(&self, wanted: impl Iterator<Item = Text<'a>>) -> HashSet<Text<'a>> {
        let mut by_folder: HashMap<&[u8], HashMap<&[u8], Text<'a>>> = HashMap::new();
        for path in wanted {
            let (folder, name) = split(path.0);
            by_folder.entry(folder).or_default().insert(name, path);
        }
        let wanted_of = |folder: &Text<'a>| by_folder.get(folder.0);
        let wanted: Vec<_> = self.folders.iter().map(wanted_of).collect();
        let path = |file: &File<'a>| wanted.get(file.folder)?.as_ref()?.get(file.name.0).copied();
        self.files.iter().filter_map(path).collect()
    }

    /// The file list, folder by folder.
    pub(super) fn into_folders(self) -> Vec<Folder<Text<'a>>> {
        let folder = |path| Folder {
            path,
            files: Vec::new(),
            folders: Vec::new(),
            ghosts: Vec::new(),
        };
        let mut folders: Vec<_> = self.folders.into_iter().map(folder).collect();
        for file in self.files {
            let Some(folder) = folders.get_mut(file.folder) else {
                continue;
            };
            let list = if file.mode & S_IFMT == S_IFDIR {
                &mut folder.folders
            } else if file.flags & GHOST != 0 {
                &mut folder.ghosts
            } else {
                &mut folder.files
            };
            list.push(file.name);
        }
        folders
    }
}

/// Folders, and each file's folder and name.
type Names<'a> = (Vec<Text<'a>>, Vec<(usize, Text<'a>)>);

/// As packages have had them since rpm 4.0. One more than the bounds of each, so that too many show.
fn names(header: &Header) -> Names<'_> {
    let folders = header.texts(tag::DIRNAMES).take(MAX_FOLDERS + 1);
    let indexes = header.numbers(tag::DIRINDEXES);
    let indexes = indexes.map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    let names = indexes.zip(header.texts(tag::BASENAMES)).take(MAX_FILES + 1);
    (folders.collect(), names.collect())
}

/// As packages had them before: whole paths.
fn old_names(header: &Header) -> Names<'_> {
    let mut folders = Vec::new();
    let mut numbers = HashMap::new();
    let mut names = Vec::new();
    for path in header.texts(tag::OLDFILENAMES).take(MAX_FILES + 1) {
        let (folder, name) = split(path.0);
        let number = *numbers.entry(folder).or_insert_with(|| {
            folders.push(Text(folder));
            folders.len() - 1
        });
        names.push((number, Text(name)));
    }
    (folders, names)
}

/// A path's folder with its slash, and its name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let slash = path.iter().rposition(|&byte| byte == b'/');
    path.split_at(slash.map_or(0, |slash| slash + 1))
}
