//! `alpine`: an apk of version 2 (gzip members one behind the other: signatures, control, data), or of
//! version 3 (`alpine/v3.rs`).
//!
//! Its metadata is the `.PKGINFO` of the control member (`abuild`, "APKINDEX format"). The index's
//! checksum is that of the compressed control member, so its limits matter.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;

use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::Gunzip;
use crate::formats::containers::tarball::Archive;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{MAX_METADATA_BYTES, Manifest, Rejection, metadata};
use crate::formats::source::bounded::{length_of, read_all, unreadable};
use crate::formats::source::budget::{Budget, Metered};
use crate::formats::source::hashing::Hashing;
use crate::formats::texts::alphabet::is_made_of;

pub(crate) use self::facts::Facts;

mod adb;
mod facts;
mod v3;

#[cfg(test)]
pub(super) use v3::fixtures as v3_fixtures;

/// Gzip members in front of the data: signatures by several keys, and control.
const MAX_LEADING_MEMBERS: usize = 8;
/// Bytes of `.PKGINFO`, and fields in it.
const MAX_PKGINFO_BYTES: u64 = 1024 * 1024;
const MAX_FIELDS: usize = 20_000;

/// The control member: where it lies in the file, and its `.PKGINFO`.
struct Control {
    start: u64,
    end: u64,
    pkginfo: Vec<u8>,
}

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Alpine,
    holds: "Alpine packages (`.apk`)",
    containers: &[Container::Gzip],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let unreadable = unreadable("file");
    let length = length_of(source).map_err(&unreadable)?;
    if is_v3(source).map_err(&unreadable)? {
        return v3::read(source, length);
    }
    let control = control(source)?;
    if control.end >= length {
        let message = "The package ends behind its control member and holds no data; build it again.";
        return Err(Rejection::new("data", message));
    }
    let checksum = checksum(source, &control).map_err(&unreadable)?;
    let pkginfo = fields(&control.pkginfo)?;
    manifest(&Facts {
        checksum: Some(checksum),
        adb_sha256: None,
        size: length,
        pkginfo,
    })
}

/// Whether `source`, which is left at its beginning, begins as files of version 3 do.
fn is_v3(source: &mut Metered<'_>) -> io::Result<bool> {
    let mut magic = Vec::new();
    source.take(4).read_to_end(&mut magic)?;
    source.rewind()?;
    Ok(matches!(magic.as_slice(), [b'A', b'D', b'B', b'.' | b'c' | b'd']))
}

/// Reads gzip members up to the first that is not a signature.
fn control(source: &mut Metered<'_>) -> Result<Control, Rejection> {
    let unreadable = unreadable("control");
    let budget = source.budget();
    let mut packed = BufReader::new(source);
    for _ in 0..MAX_LEADING_MEMBERS {
        let start = packed.stream_position().map_err(&unreadable)?;
        let tar =
            read_all(Gunzip::first(&mut packed, budget), MAX_METADATA_BYTES, budget).map_err(&unreadable)?;
        let end = packed.stream_position().map_err(&unreadable)?;
        if let Some(pkginfo) = pkginfo(&tar, budget)? {
            return Ok(Control { start, end, pkginfo });
        }
    }
    Err(missing())
}

/// The `.PKGINFO` of a control member; nothing if the member is a signature.
fn pkginfo(tar: &[u8], budget: &Budget) -> Result<Option<Vec<u8>>, Rejection> {
    let unreadable = unreadable("control");
    let mut archive = Archive::new(tar, budget);
    let mut found = None;
    let mut signed = false;
    while let Some(mut member) = archive.next().map_err(&unreadable)? {
        signed |= member.path.starts_with(b".SIGN.");
        if member.path != b".PKGINFO" {
            continue;
        }
        if found.is_some() || !member.is_file() {
            return Err(wrong("it must be one plain file"));
        }
        let bytes = member.contents(MAX_PKGINFO_BYTES);
        found = Some(bytes.map_err(crate::formats::source::bounded::unreadable(".PKGINFO"))?);
    }
    match found {
        None if !signed => Err(missing()),
        found => Ok(found),
    }
}

fn missing() -> Rejection {
    Rejection::new(
        ".PKGINFO",
        "This is not an Alpine package: no `.PKGINFO` comes before its data; build it with `abuild`.",
    )
}

fn checksum(source: &mut Metered<'_>, control: &Control) -> io::Result<String> {
    source.seek(SeekFrom::Start(control.start))?;
    let member = source.take(control.end - control.start);
    let (_, sha1, _) = Hashing::<_, Sha1>::new(member).finish()?;
    Ok(format!("Q1{}", STANDARD.encode(sha1)))
}

/// The lines `key = value`; others are comments.
fn fields(bytes: &[u8]) -> Result<Vec<(String, String)>, Rejection> {
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8"))?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let fields: Vec<_> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .take(MAX_FIELDS + 1)
        .collect();
    if fields.len() > MAX_FIELDS {
        return Err(wrong("it has too many lines"));
    }
    Ok(fields)
}

fn manifest(facts: &Facts) -> Result<Manifest, Rejection> {
    let name = field(facts, "pkgname", "`busybox`", is_name)?;
    let version = field(facts, "pkgver", "`1.2.3_rc1-r0`", is_version)?;
    let arch = field(facts, "arch", "`x86_64`, `noarch`", is_arch)?;
    Ok(Manifest {
        normalized_name: name.clone(),
        name,
        normalized_version: version.clone(),
        version,
        variant: Some(arch),
        metadata: metadata(facts)?,
    })
}

/// The value of a field that must be there exactly once.
fn field(
    facts: &Facts,
    name: &'static str,
    example: &str,
    is_valid: fn(&str) -> bool,
) -> Result<String, Rejection> {
    let mut values = facts.pkginfo.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) if is_valid(value) => Ok(value.clone()),
        _ => Err(Rejection::new(
            name,
            format!("`.PKGINFO` must have one `{name}`, such as {example}."),
        )),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_') && is_made_of(name, b"_+.-")
}

/// A digit first; apk's own grammar is narrower.
fn is_version(version: &str) -> bool {
    version.starts_with(|first: char| first.is_ascii_digit()) && is_made_of(version, b"._-~")
}

fn is_arch(arch: &str) -> bool {
    !arch.is_empty() && is_made_of(arch, b"_-")
}

fn wrong(why: &str) -> Rejection {
    Rejection::new(".PKGINFO", format!("`.PKGINFO` is not usable: {why}."))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;
    use sha2::Digest;

    use super::*;
    use crate::formats::containers::tarball::fixtures::{gzip, tar};
    use crate::formats::round_trip::read as read_package;

    const PKGINFO: &str = "# Generated by abuild\npkgname = fruit\npkgver = 1.0_rc1-r0\n\
        pkgdesc = a = b\nsize = 4096\narch = x86_64\ndepend = so:libc.so\ndepend = a>1\n";

    /// A tar without the blocks of zeros at its end, as `abuild-tar --cut` leaves it.
    fn cut(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar(files);
        tar.truncate(tar.len() - 1024);
        gzip(&tar)
    }

    fn control(pkginfo: &str) -> Vec<u8> {
        cut(&[(".PKGINFO", pkginfo.as_bytes()), (".post-install", b"#!/bin/sh")])
    }

    fn read_apk(members: &[&[u8]]) -> Result<Manifest, Rejection> {
        read_package(
            Ecosystem::Alpine,
            "lies-2.apk",
            &mut Cursor::new(members.concat()),
        )
    }

    #[test]
    fn a_package_says_all_that_the_index_needs() {
        let signature = cut(&[(".SIGN.RSA.key.rsa.pub", b"signature")]);
        let control = control(PKGINFO);
        let data = gzip(&tar(&[("usr/bin/fruit", b"x")]));
        let expected = json!({
            "checksum": format!("Q1{}", STANDARD.encode(Sha1::digest(&control))),
            "size": signature.len() + control.len() + data.len(),
            "pkginfo": [
                ["pkgname", "fruit"], ["pkgver", "1.0_rc1-r0"], ["pkgdesc", "a = b"],
                ["size", "4096"], ["arch", "x86_64"], ["depend", "so:libc.so"], ["depend", "a>1"],
            ],
        });
        assert_eq!(
            read_apk(&[&signature, &control, &data]).unwrap(),
            Manifest {
                name: "fruit".to_owned(),
                normalized_name: "fruit".to_owned(),
                version: "1.0_rc1-r0".to_owned(),
                normalized_version: "1.0_rc1-r0".to_owned(),
                variant: Some("x86_64".to_owned()),
                metadata: metadata(&expected).unwrap(),
            }
        );
        let unsigned = read_apk(&[&control, &data]).unwrap();
        assert_eq!(unsigned.metadata.value()["checksum"], expected["checksum"]);
    }

    #[test]
    fn fields_must_stand_there_once_and_be_safe() {
        for (from, to, field) in [
            ("pkgname = fruit", "pkgname = ../x", "pkgname"),
            ("pkgname = fruit", "pkgname = a\npkgname = b", "pkgname"),
            ("pkgver = 1.0", "pkgver = x", "pkgver"),
            ("arch = x86_64", "arch = a/b", "arch"),
            ("arch = x86_64", "", "arch"),
        ] {
            let control = control(&PKGINFO.replacen(from, to, 1));
            let rejection = read_apk(&[&control, &gzip(b"data")]).unwrap_err();
            assert_eq!(rejection.field, field, "{to}");
        }
    }

    #[test]
    fn a_package_that_ends_too_early_is_refused() {
        let signature = cut(&[(".SIGN.RSA.key.rsa.pub", b"signature")]);
        let control = control(PKGINFO);
        assert_eq!(read_apk(&[&control]).unwrap_err().field, "data");
        for length in 0..control.len() {
            assert!(read_apk(&[&signature, &control[..length]]).is_err());
        }
    }

    #[test]
    fn endless_signatures_and_bombs_are_refused() {
        let signature = cut(&[(".SIGN.RSA.key.rsa.pub", b"signature")]);
        let signatures: Vec<&[u8]> = vec![&signature; 100];
        assert_eq!(read_apk(&signatures).unwrap_err().field, ".PKGINFO");
        let bomb = cut(&[(".SIGN.x", &vec![0; 17 * 1024 * 1024])]);
        assert_eq!(
            read_apk(&[&bomb]).unwrap_err().message,
            "`control` is larger than the 16777216 bytes that are read of it; build the package again with less in it."
        );
    }

    #[test]
    fn lines_and_bytes_of_the_pkginfo_are_bounded() {
        let many = control(&format!("{PKGINFO}{}", "a=b\n".repeat(MAX_FIELDS)));
        let endless = control(&format!("{PKGINFO}a={}", "b".repeat(1024 * 1024)));
        for (control, expected) in [
            (many, "`.PKGINFO` is not usable: it has too many lines."),
            (
                endless,
                "`.PKGINFO` is larger than the 1048576 bytes that are read of it; build the package again with less in it.",
            ),
        ] {
            assert_eq!(
                read_apk(&[&control, &gzip(b"data")]).unwrap_err().message,
                expected
            );
        }
    }
}
