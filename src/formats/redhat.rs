//! `redhat`: an RPM package: a lead, a signature, a header, and the payload that nobody reads here.
//!
//! Kept is what `primary.xml`, `filelists.xml` and `other.xml` are made of.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read};

use serde::Serialize;

use self::dependencies::{Dependencies, MAX_DEPENDENCIES};
use self::header::Header;
use super::bounded::unreadable;
use super::tarball::{MAX_PATH, length_of};
use super::{Manifest, Rejection, Source, metadata};

mod dependencies;
mod header;

const LEAD: u64 = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
/// Files of a package, and folders that they lie in.
const MAX_FILES: usize = 200_000;
const MAX_FOLDERS: usize = 20_000;
/// Changelog entries that are kept, the latest first. Indexes show ten.
const MAX_CHANGELOG: usize = 100;

/// Tags of a header (`rpmtag.h`).
mod tag {
    pub(super) const NAME: u32 = 1000;
    pub(super) const VERSION: u32 = 1001;
    pub(super) const RELEASE: u32 = 1002;
    pub(super) const EPOCH: u32 = 1003;
    pub(super) const SUMMARY: u32 = 1004;
    pub(super) const DESCRIPTION: u32 = 1005;
    pub(super) const BUILDTIME: u32 = 1006;
    pub(super) const BUILDHOST: u32 = 1007;
    pub(super) const SIZE: u32 = 1009;
    pub(super) const VENDOR: u32 = 1011;
    pub(super) const LICENSE: u32 = 1014;
    pub(super) const PACKAGER: u32 = 1015;
    pub(super) const GROUP: u32 = 1016;
    pub(super) const URL: u32 = 1020;
    pub(super) const ARCH: u32 = 1022;
    pub(super) const FILEMODES: u32 = 1030;
    pub(super) const FILEFLAGS: u32 = 1037;
    pub(super) const SOURCERPM: u32 = 1044;
    pub(super) const ARCHIVESIZE: u32 = 1046;
    pub(super) const CHANGELOGTIME: u32 = 1080;
    pub(super) const CHANGELOGNAME: u32 = 1081;
    pub(super) const CHANGELOGTEXT: u32 = 1082;
    pub(super) const SOURCEPACKAGE: u32 = 1106;
    pub(super) const DIRINDEXES: u32 = 1116;
    pub(super) const BASENAMES: u32 = 1117;
    pub(super) const DIRNAMES: u32 = 1118;
    pub(super) const PAYLOADCOMPRESSOR: u32 = 1125;
    pub(super) const LONGSIZE: u32 = 5009;
    pub(super) const PAYLOADSIZE: u32 = 5112;
    /// In the signature.
    pub(super) const SIGNED_PAYLOADSIZE: u32 = 1007;
    pub(super) const SIGNED_LONGARCHIVESIZE: u32 = 271;
}

/// What the index files of a repository say of a package.
#[derive(Debug, Serialize)]
struct IndexFacts {
    epoch: u64,
    version: String,
    release: String,
    arch: String,
    summary: Option<String>,
    description: Option<String>,
    packager: Option<String>,
    url: Option<String>,
    license: Option<String>,
    vendor: Option<String>,
    group: Option<String>,
    build_host: Option<String>,
    source_rpm: Option<String>,
    payload_compressor: Option<String>,
    /// Seconds since 1970.
    build_time: Option<u64>,
    size: Sizes,
    header_range: HeaderRange,
    #[serde(flatten)]
    dependencies: Dependencies,
    folders: Vec<Folder>,
    changelog: Vec<Change>,
}

/// Bytes.
#[derive(Debug, Serialize)]
struct Sizes {
    package: u64,
    installed: Option<u64>,
    archive: Option<u64>,
}

/// Bytes of the file that the header takes; the end is behind it.
#[derive(Debug, Serialize)]
struct HeaderRange {
    start: u64,
    end: u64,
}

/// What a folder, named with its slash, holds of the package.
#[derive(Debug, Default, Serialize)]
struct Folder {
    path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    folders: Vec<String>,
    /// Files that belong to the package but are not in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ghosts: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Change {
    /// Seconds since 1970.
    time: u64,
    author: String,
    text: String,
}

pub(super) fn read(_filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    let package = length_of(source).map_err(unreadable("file"))?;
    let signature = signature(source).map_err(unreadable("signature"))?;
    let header = Header::read(source).map_err(unreadable("header"))?;
    let start = LEAD + signature.size.next_multiple_of(8);
    let end = start + header.size;
    if end >= package {
        let message = "the package ends behind its header and holds no payload; build it again";
        return Err(Rejection::new("payload", message));
    }
    let size = Sizes {
        package,
        installed: header.number(tag::SIZE).or_else(|| header.number(tag::LONGSIZE)),
        archive: signature
            .number(tag::SIGNED_PAYLOADSIZE)
            .or_else(|| signature.number(tag::SIGNED_LONGARCHIVESIZE))
            .or_else(|| header.number(tag::ARCHIVESIZE))
            .or_else(|| header.number(tag::PAYLOADSIZE)),
    };
    manifest(&header, size, HeaderRange { start, end })
}

/// Reads past the lead, the signature and what aligns the header to eight bytes.
fn signature(source: &mut dyn Source) -> io::Result<Header> {
    let mut lead = [0; 96];
    source.read_exact(&mut lead)?;
    if !lead.starts_with(&LEAD_MAGIC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no RPM package"));
    }
    let signature = Header::read(source)?;
    let padding = signature.size.next_multiple_of(8) - signature.size;
    io::copy(&mut source.take(padding), &mut io::sink())?;
    Ok(signature)
}

fn manifest(header: &Header, size: Sizes, range: HeaderRange) -> Result<Manifest, Rejection> {
    let name = text(header, tag::NAME, "name", b"._+-")?;
    let version = text(header, tag::VERSION, "version", b"._+~^")?;
    let release = text(header, tag::RELEASE, "release", b"._+~^")?;
    let arch = match header.number(tag::SOURCEPACKAGE) {
        Some(1..) => "src".to_owned(),
        _ => text(header, tag::ARCH, "arch", b"_-")?,
    };
    let epoch = header.number(tag::EPOCH);
    let full = format!("{version}-{release}");
    let with_epoch = |epoch: u64| format!("{epoch}:{full}");
    let full_version = epoch.map_or_else(|| full.clone(), with_epoch);
    // Without an epoch it is 0.
    let normalized_version = match epoch {
        None | Some(0) => full.clone(),
        Some(epoch) => with_epoch(epoch),
    };
    Ok(Manifest {
        normalized_name: name.clone(),
        name,
        version: full_version,
        normalized_version,
        variant: Some(arch.clone()),
        metadata: metadata(&IndexFacts {
            epoch: epoch.unwrap_or(0),
            version,
            release,
            arch,
            summary: header.text(tag::SUMMARY),
            description: header.text(tag::DESCRIPTION),
            packager: header.text(tag::PACKAGER),
            url: header.text(tag::URL),
            license: header.text(tag::LICENSE),
            vendor: header.text(tag::VENDOR),
            group: header.text(tag::GROUP),
            build_host: header.text(tag::BUILDHOST),
            source_rpm: header.text(tag::SOURCERPM),
            payload_compressor: header.text(tag::PAYLOADCOMPRESSOR),
            build_time: header.number(tag::BUILDTIME),
            size,
            header_range: range,
            dependencies: dependencies(header)?,
            folders: folders(header)?,
            changelog: changelog(header),
        }),
    })
}

/// A text that must be there, of ASCII letters, digits and `others`, the first neither `.` nor `-`.
fn text(header: &Header, tag: u32, field: &'static str, others: &[u8]) -> Result<String, Rejection> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    header
        .text(tag)
        .filter(|text| !text.is_empty() && !text.starts_with(['.', '-']))
        .filter(|text| text.bytes().all(allowed))
        .ok_or_else(|| {
            Rejection::new(
                field,
                format!(
                    "the header's {field} must be letters, digits and any of `{}`; build the \
                     package again",
                    String::from_utf8_lossy(others)
                ),
            )
        })
}

fn dependencies(header: &Header) -> Result<Dependencies, Rejection> {
    Dependencies::read(header, |wanted| own_files(header, wanted)).ok_or_else(|| {
        Rejection::new(
            "header",
            format!("the package has more than {MAX_DEPENDENCIES} dependencies"),
        )
    })
}

/// Which of the `wanted` paths are the package's own. One pass, and no path is written out for
/// longer than it takes to look at it.
fn own_files(header: &Header, wanted: &HashSet<&str>) -> HashSet<String> {
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
fn folders(header: &Header) -> Result<Vec<Folder>, Rejection> {
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

fn changelog(header: &Header) -> Vec<Change> {
    let entries = header
        .numbers(tag::CHANGELOGTIME)
        .zip(header.texts(tag::CHANGELOGNAME));
    entries
        .zip(header.texts(tag::CHANGELOGTEXT))
        .take(MAX_CHANGELOG)
        .map(|((time, author), text)| Change { time, author, text })
        .collect()
}

#[cfg(test)]
pub(super) use tests::fixture;

#[cfg(test)]
mod tests;
