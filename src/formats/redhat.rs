//! `redhat`: an RPM package: a lead, a signature, a header, and the payload, which is not read here.

use std::io::{self, Read};

use self::dependencies::MAX_DEPENDENCIES;
pub(crate) use self::facts::Facts;
use self::facts::{Change, Dependencies, HeaderRange, Sizes};
use self::files::Files;
use self::header::Header;
use self::text::Text;
use crate::ecosystem::Ecosystem;
use crate::formats::format::Format;
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::{length_of, unreadable};
use crate::formats::source::budget::Metered;
use crate::formats::texts::alphabet::is_made_of;

mod dependencies;
mod facts;
mod files;
mod header;
mod libc;
mod tag;
mod text;

const LEAD_BYTES: u64 = 96;
const LEAD_MAGIC: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
/// Changelog entries that are kept, the latest first. Indexes show ten.
const MAX_CHANGES: usize = 100;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Redhat,
    holds: "RPM packages (`.rpm`)",
    containers: &[],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let package = length_of(source).map_err(unreadable("file"))?;
    let signature = signature(source).map_err(unreadable("signature"))?;
    let budget = source.budget();
    let header = Header::read(source, budget).map_err(unreadable("header"))?;
    let start = LEAD_BYTES + signature.size.next_multiple_of(8);
    let end = start + header.size;
    if end >= package {
        let message = "The package ends behind its header and holds no payload; build it again.";
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
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not an RPM package",
        ));
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
        Some(1..) => "src",
        _ => text(header, tag::ARCH, "arch", b"_-")?,
    };
    check_texts(header)?;
    let files = Files::read(header)?;
    let epoch = header.number(tag::EPOCH);
    let full = format!("{version}-{release}");
    let with_epoch = |epoch: u64| format!("{epoch}:{full}");
    Ok(Manifest {
        normalized_name: name.to_owned(),
        name: name.to_owned(),
        version: epoch.map_or_else(|| full.clone(), with_epoch),
        // Without an epoch it is 0.
        normalized_version: match epoch {
            None | Some(0) => full.clone(),
            Some(epoch) => with_epoch(epoch),
        },
        variant: Some(arch.to_owned()),
        metadata: metadata(&Facts {
            epoch: epoch.unwrap_or(0),
            version: Text(version.as_bytes()),
            release: Text(release.as_bytes()),
            arch: Text(arch.as_bytes()),
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
            dependencies: dependencies(header, &files)?,
            folders: files.into_folders(),
            changelog: changelog(header),
        })?,
    })
}

/// A text that must be there, of ASCII letters, digits and `others`, the first neither `.` nor `-`.
fn text<'a>(header: &'a Header, tag: u32, field: &'static str, others: &[u8]) -> Result<&'a str, Rejection> {
    header
        .text(tag)
        .and_then(|text| std::str::from_utf8(text.0).ok())
        .filter(|text| !text.is_empty() && !text.starts_with(['.', '-']))
        .filter(|text| is_made_of(text, others))
        .ok_or_else(|| {
            Rejection::new(
                field,
                format!(
                    "The header's {field} must be letters, digits and any of `{}`; build the \
                     package again.",
                    String::from_utf8_lossy(others)
                ),
            )
        })
}

/// Refuses what no index can hold, since XML cannot: `createrepo_c` leaves such packages out.
fn check_texts(header: &Header) -> Result<(), Rejection> {
    let kept = tag::TEXTS.iter().copied().chain(dependencies::texts());
    if kept
        .flat_map(|tag| header.texts(tag))
        .any(Text::has_control_characters)
    {
        let message = "The header's texts hold control characters, which the index of a repository cannot hold; \
                       remove them and build the package again.";
        return Err(Rejection::new("header", message));
    }
    Ok(())
}

fn dependencies<'a>(header: &'a Header, files: &Files<'a>) -> Result<Dependencies<Text<'a>>, Rejection> {
    Dependencies::read(header, files).ok_or_else(|| {
        Rejection::new(
            "header",
            format!("The package has more than {MAX_DEPENDENCIES} dependencies; build it again with fewer."),
        )
    })
}

fn changelog(header: &Header) -> Vec<Change<Text<'_>>> {
    let entries = header
        .numbers(tag::CHANGELOGTIME)
        .zip(header.texts(tag::CHANGELOGNAME));
    entries
        .zip(header.texts(tag::CHANGELOGTEXT))
        .take(MAX_CHANGES)
        .map(|((time, author), text)| Change { time, author, text })
        .collect()
}

#[cfg(test)]
pub(super) use tests::fixture;

#[cfg(test)]
mod tests;
