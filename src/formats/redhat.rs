//! `redhat`: an RPM package: a lead, a signature, a header, and the payload that nobody reads here.
//!
//! Kept is what `primary.xml`, `filelists.xml` and `other.xml` are made of.

use std::io::{self, Read};

use serde::Serialize;

use self::dependencies::{Dependencies, MAX_DEPENDENCIES};
use self::files::{Folder, folders, own_files};
use self::header::Header;
use super::alphabet::is_made_of;
use super::bounded::{length_of, unreadable};
use super::budget::Metered;
use super::{Manifest, Rejection, metadata};

mod dependencies;
mod files;
mod header;
mod tag;

const LEAD: u64 = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
/// Changelog entries that are kept, the latest first. Indexes show ten.
const MAX_CHANGELOG: usize = 100;

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

#[derive(Debug, Serialize)]
struct Change {
    /// Seconds since 1970.
    time: u64,
    author: String,
    text: String,
}

pub(super) fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let package = length_of(source).map_err(unreadable("file"))?;
    let signature = signature(source).map_err(unreadable("signature"))?;
    let budget = source.budget();
    let header = Header::read(source, budget).map_err(unreadable("header"))?;
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
fn signature(source: &mut Metered<'_>) -> io::Result<Header> {
    let mut lead = [0; 96];
    source.read_exact(&mut lead)?;
    if !lead.starts_with(&LEAD_MAGIC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no RPM package"));
    }
    let budget = source.budget();
    let signature = Header::read(source, budget)?;
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
        })?,
    })
}

/// A text that must be there, of ASCII letters, digits and `others`, the first neither `.` nor `-`.
fn text(header: &Header, tag: u32, field: &'static str, others: &[u8]) -> Result<String, Rejection> {
    header
        .text(tag)
        .filter(|text| !text.is_empty() && !text.starts_with(['.', '-']))
        .filter(|text| is_made_of(text, others))
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
