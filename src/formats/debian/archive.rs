//! The outside of a Debian package (`deb(5)`), taken apart as `dpkg-deb` does: an ar archive of
//! `debian-binary`, `control.tar` and `data.tar` in this order, with members between them only where
//! their names begin with an underscore.

use super::wrong;
use crate::formats::containers::ar;
use crate::formats::containers::compression::Compression;
use crate::formats::containers::tarball::Archive;
use crate::formats::manifest::{MAX_METADATA_BYTES, Rejection};
use crate::formats::source::bounded::{Bounded, read_all, unreadable};
use crate::formats::source::budget::Metered;

/// Bytes of `control`; the longest in Debian have 60 kB.
const MAX_CONTROL_BYTES: u64 = 1024 * 1024;
/// Bytes of `debian-binary`, which holds a line.
const MAX_FORMAT_VERSION_BYTES: u64 = 1024;

const VERSION: &str = "debian-binary";
const CONTROL: &str = "control.tar";
const DATA: &str = "data.tar";
/// The compressions that dpkg knows of each.
const CONTROL_COMPRESSIONS: &[&str] = &[
    "control.tar",
    "control.tar.gz",
    "control.tar.xz",
    "control.tar.zst",
];
const DATA_COMPRESSIONS: &[&str] = &[
    "data.tar",
    "data.tar.gz",
    "data.tar.xz",
    "data.tar.zst",
    "data.tar.bz2",
    "data.tar.lzma",
];

/// The file `control` of the member `control.tar`.
pub(super) fn control(source: &mut Metered<'_>) -> Result<Vec<u8>, Rejection> {
    // dpkg-deb does not look at what follows `data.tar`.
    let members = ar::members(source, is_data).map_err(unreadable("file"))?;
    let [format, members @ ..] = members.as_slice() else {
        return Err(missing("debian-binary"));
    };
    if format.name != "debian-binary" {
        return Err(missing("debian-binary"));
    }
    check_version(source, format)?;
    let is_known = |member: &&ar::Member| !member.name.starts_with('_');
    let members: Vec<_> = members.iter().filter(is_known).collect();
    match members.as_slice() {
        [control, data] if is_control(&control.name) && is_data(&data.name) => {
            if !DATA_COMPRESSIONS.contains(&data.name.as_str()) {
                return Err(uncompressible(DATA, "gzip, xz, Zstandard, bzip2 or LZMA"));
            }
            control_file(source, control)
        }
        members => Err(misplaced(members)),
    }
}

fn is_control(name: &str) -> bool {
    name.starts_with(CONTROL)
}

fn is_data(name: &str) -> bool {
    name.starts_with(DATA)
}

/// The first line of `debian-binary`: `2.` and a number.
fn check_version(source: &mut Metered<'_>, member: &ar::Member) -> Result<(), Rejection> {
    let budget = source.budget();
    let contents = ar::contents(source, member);
    let text = contents.and_then(|contents| read_all(contents, MAX_FORMAT_VERSION_BYTES, budget));
    let text = text.map_err(unreadable(VERSION))?;
    let line = text.split_inclusive(|&byte| byte == b'\n').next();
    let minor = line.and_then(|line| line.strip_prefix(b"2.")?.strip_suffix(b"\n"));
    if minor.is_some_and(|minor| !minor.is_empty() && minor.iter().all(u8::is_ascii_digit)) {
        return Ok(());
    }
    let message = "The format of the package is not 2.0, which is the one in use; build it with `dpkg-deb`.";
    Err(Rejection::new(VERSION, message))
}

/// Why `members`, those behind `debian-binary`, are not one `control.tar` and one `data.tar`.
fn misplaced(members: &[&ar::Member]) -> Rejection {
    let controls = members.iter().filter(|member| is_control(&member.name)).count();
    let has_data = members.iter().any(|member| is_data(&member.name));
    let (field, found) = match (controls, has_data) {
        (0, false) => return missing(CONTROL),
        (1, false) => return missing(DATA),
        (0, true) => (CONTROL, "no `control.tar` stands before its `data.tar`"),
        (1, true) => ("file", "another member stands before its `data.tar`"),
        _ => (CONTROL, "it holds more than one `control.tar`"),
    };
    let message = format!("`dpkg` does not read this package: {found}; build it with `dpkg-deb`.");
    Rejection::new(field, message)
}

pub(super) fn missing(field: &'static str) -> Rejection {
    Rejection::new(
        field,
        format!("This is not a Debian package: it holds no `{field}`; build it with `dpkg-deb`."),
    )
}

fn uncompressible(field: &'static str, known: &str) -> Rejection {
    let message = format!("`{field}` must be compressed by {known}, or not at all.");
    Rejection::new(field, message)
}

fn control_file(source: &mut Metered<'_>, member: &ar::Member) -> Result<Vec<u8>, Rejection> {
    let unreadable = unreadable(CONTROL);
    let known = CONTROL_COMPRESSIONS.contains(&member.name.as_str());
    let compression = Compression::by_suffix(&member.name).filter(|_| known);
    let compression = compression.ok_or_else(|| uncompressible(CONTROL, "gzip, xz or Zstandard"))?;
    let budget = source.budget();
    let packed = ar::contents(source, member).map_err(&unreadable)?;
    let tar = compression.unpack(packed, budget).map_err(&unreadable)?;
    let mut archive = Archive::new(Bounded::new(tar, MAX_METADATA_BYTES, budget), budget);
    let mut found = None;
    while let Some(mut member) = archive.next().map_err(&unreadable)? {
        if !is_control_path(&member.path) {
            continue;
        }
        if found.is_some() || !member.is_file() {
            return Err(wrong("it must be one plain file"));
        }
        let bytes = member.contents(MAX_CONTROL_BYTES);
        found = Some(bytes.map_err(crate::formats::source::bounded::unreadable("control"))?);
    }
    found.ok_or_else(|| missing("control"))
}

/// Whether tar unpacks `path` as `control`: `./control`, `.//control` and `/control` are that.
fn is_control_path(path: &[u8]) -> bool {
    let mut parts = path.rsplit(|&byte| byte == b'/');
    parts.next() == Some(b"control") && parts.all(|part| part.is_empty() || part == b".")
}
