//! `ruby`: a gem, the tar of `metadata.gz` (a `Gem::Specification` as YAML) and `data.tar.gz`.

pub(crate) use self::facts::{Dependency, Facts};
pub(super) use self::full_name::same_full_name;
pub(crate) use self::full_name::{RUBY, number, splits, word};
pub(crate) use self::name_facts::NameFacts;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::gunzip;
use crate::formats::containers::tarball::{Archive, Member};
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::Metered;
use crate::formats::texts::yaml;

mod facts;
mod full_name;
mod name_facts;
mod specification;

/// Members of the archive; `gem build` makes three, and signs each of them. Of an upload every one
/// beyond a block is a read of its own.
const MAX_MEMBERS: usize = 64;
/// Bytes of `metadata.gz` as it is stored.
const MAX_PACKED_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of the specification that it holds; the longest on public registries have some 2 MB.
const MAX_SPECIFICATION_BYTES: u64 = 8 * 1024 * 1024;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Ruby,
    holds: "gems (`.gem`)",
    containers: &[Container::Tar],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let packed = packed_specification(source)?;
    let bytes =
        gunzip(&packed[..], MAX_SPECIFICATION_BYTES, source.budget()).map_err(unreadable("metadata.gz"))?;
    drop(packed);
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is not UTF-8"))?;
    let specification = yaml::read(text, source.budget()).map_err(|error| wrong(&error))?;
    specification::manifest(&specification)
}

/// The one `metadata.gz` of the archive; `data.tar.gz` may come before it.
fn packed_specification(source: &mut Metered<'_>) -> Result<Vec<u8>, Rejection> {
    let unreadable = unreadable("file");
    let budget = source.budget();
    let mut archive = Archive::seekable(source, budget).at_most(MAX_MEMBERS);
    let mut found = None;
    let mut has_data = false;
    while let Some(mut member) = archive.next().map_err(&unreadable)? {
        has_data |= member.path == b"data.tar.gz";
        if is_specification(&member) {
            let packed = read_once(&mut member, found.is_some())?;
            found = Some(packed);
        }
    }
    match found {
        None => Err(Rejection::new(
            "metadata.gz",
            "This is not a gem: it holds no `metadata.gz`; publish the file that `gem build` made.",
        )),
        Some(_) if !has_data => Err(Rejection::new(
            "data.tar.gz",
            "The gem holds no `data.tar.gz`, so nothing could be installed from it; build it again.",
        )),
        Some(packed) => Ok(packed),
    }
}

/// `RubyGems` knows no long names, and also reads `metadata` as it is: a member that either way of
/// reading takes for the specification must not escape here.
fn is_specification<R: std::io::Read>(member: &Member<'_, '_, R>) -> bool {
    let is = |path: &[u8]| path == b"metadata.gz" || path == b"metadata";
    is(&member.path) || is(&member.header_path())
}

fn read_once<R: std::io::Read>(member: &mut Member<'_, '_, R>, seen: bool) -> Result<Vec<u8>, Rejection> {
    let refused = |message| Err(Rejection::new("metadata.gz", message));
    if seen {
        return refused("The gem holds more than one `metadata.gz`; build it again.");
    }
    if !member.is_file() || member.header_path() != b"metadata.gz" {
        return refused("`metadata.gz` must be a plain file of that name; build the gem again.");
    }
    member
        .contents(MAX_PACKED_BYTES)
        .map_err(unreadable("metadata.gz"))
}

fn wrong(why: &str) -> Rejection {
    Rejection::new(
        "metadata.gz",
        format!("`metadata.gz` is not usable YAML: {why}; build the gem again with a current RubyGems."),
    )
}

#[cfg(test)]
mod tests;
