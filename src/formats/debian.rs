//! `debian`: a binary package, an ar archive of `debian-binary`, `control.tar` and `data.tar`
//! (`deb(5)`). Everything it says stands in `control` (`deb-control(5)`).

use std::collections::HashSet;
use std::io::Read;

use md5::Md5;
use serde::Serialize;
use sha1::Sha1;
use sha2::Sha256;
use tar::Archive;

use super::alphabet::is_word;
use super::ar;
use super::bounded::{Bounded, unreadable};
use super::compression::Compression;
use super::digest::{Hashing, hex};
use super::headers::Headers;
use super::tarball::members;
use super::{MAX_METADATA, Manifest, Rejection, Source, metadata};

/// Bytes of `control`; the longest in Debian have 60 kB.
const MAX_CONTROL: u64 = 1024 * 1024;

/// What a `Packages` file says of a package, as `dpkg-scanpackages` writes it.
#[derive(Debug, Serialize)]
struct IndexFacts {
    /// The whole paragraph in its order, name and value. Values keep the line ends and blanks of
    /// their continuation lines.
    control: Vec<(String, String)>,
    size: u64,
    md5sum: String,
    sha1: String,
    sha256: String,
}

pub(super) fn read(_filename: &str, source: &mut dyn Source) -> Result<Manifest, Rejection> {
    let control = control(source)?;
    let text = std::str::from_utf8(&control).map_err(|_| wrong("it is not UTF-8"))?;
    let headers = Headers::read(text.trim_start_matches(['\n', '\r'])).map_err(|why| wrong(&why))?;
    if headers.broken {
        return Err(wrong("a line is neither a field nor continues one"));
    }
    let name = field(&headers, "Package", "`bash`, `libc6-dev`", is_name)?;
    let version = field(&headers, "Version", "`1.2-3`, `1:2.0~rc1-1`", is_version)?;
    let architecture = field(&headers, "Architecture", "`amd64`, `all`", is_architecture)?;
    Ok(Manifest {
        normalized_name: name.to_ascii_lowercase(),
        normalized_version: without_zero_epoch(&version),
        name,
        version,
        variant: Some(architecture),
        metadata: metadata(&index_facts(&headers, source)?),
    })
}

/// The file `control` of the member `control.tar`.
fn control(source: &mut dyn Source) -> Result<Vec<u8>, Rejection> {
    let members = ar::members(source).map_err(unreadable("file"))?;
    let format = members.first().filter(|member| member.name == "debian-binary");
    let format = format.ok_or_else(|| missing("debian-binary"))?;
    let mut version = [0; 2];
    let read = ar::contents(source, format).and_then(|mut member| member.read_exact(&mut version));
    read.map_err(unreadable("debian-binary"))?;
    if version != *b"2." {
        let message = "the package is of another format than 2.0, which is the one in use";
        return Err(Rejection::new("debian-binary", message));
    }
    if !members.iter().any(|member| member.name.starts_with("data.tar")) {
        return Err(missing("data.tar"));
    }
    let mut tars = members
        .iter()
        .filter(|member| member.name.starts_with("control.tar"));
    match (tars.next(), tars.next()) {
        (Some(member), None) => control_file(source, member),
        (None, _) => Err(missing("control.tar")),
        _ => Err(Rejection::new(
            "control.tar",
            "the package holds more than one `control.tar`; build it again",
        )),
    }
}

fn missing(field: &'static str) -> Rejection {
    Rejection::new(
        field,
        format!("this is no Debian package: it holds no `{field}`; build it with `dpkg-deb`"),
    )
}

fn control_file(source: &mut dyn Source, member: &ar::Member) -> Result<Vec<u8>, Rejection> {
    let unreadable = unreadable("control.tar");
    let compression = Compression::by_suffix(&member.name).ok_or_else(|| {
        Rejection::new(
            "control.tar",
            "`control.tar` must be compressed by gzip, xz or Zstandard, or not at all",
        )
    })?;
    let packed = ar::contents(source, member).map_err(&unreadable)?;
    let tar = compression.unpack(packed).map_err(&unreadable)?;
    let mut archive = Archive::new(Bounded::new(tar, MAX_METADATA));
    let mut members = members(&mut archive).map_err(&unreadable)?;
    let mut found = None;
    while let Some(mut member) = members.next().map_err(&unreadable)? {
        let path = member.path.strip_prefix(b"./").unwrap_or(&member.path);
        if path != b"control" {
            continue;
        }
        if found.is_some() || !member.is_file() {
            return Err(wrong("it must be one plain file"));
        }
        let bytes = member.contents(MAX_CONTROL);
        found = Some(bytes.map_err(super::bounded::unreadable("control"))?);
    }
    found.ok_or_else(|| missing("control"))
}

fn index_facts(headers: &Headers, source: &mut dyn Source) -> Result<IndexFacts, Rejection> {
    let unreadable = unreadable("file");
    source.rewind().map_err(&unreadable)?;
    let hashing: Hashing<_, Md5> = Hashing::new(source);
    let hashing: Hashing<_, Sha1> = Hashing::new(hashing);
    let hashing: Hashing<_, Sha256> = Hashing::new(hashing);
    let (hashing, sha256, size) = hashing.finish().map_err(&unreadable)?;
    let (hashing, sha1, _) = hashing.finish().map_err(&unreadable)?;
    let (_, md5, _) = hashing.finish().map_err(&unreadable)?;
    Ok(IndexFacts {
        control: paragraph(headers)?,
        size,
        md5sum: hex(&md5),
        sha1: hex(&sha1),
        sha256: hex(&sha256),
    })
}

/// The fields in order, none of them twice.
fn paragraph(headers: &Headers) -> Result<Vec<(String, String)>, Rejection> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut names = HashSet::new();
    for field in &headers.fields {
        if !names.insert(field.name.to_ascii_lowercase()) {
            return Err(wrong("a field stands there twice"));
        }
        fields.push((field.name.clone(), field.value.trim_end().to_owned()));
    }
    Ok(fields)
}

fn field(
    headers: &Headers,
    name: &'static str,
    examples: &str,
    is_valid: fn(&str) -> bool,
) -> Result<String, Rejection> {
    let value = headers.get(name).map(str::trim_end);
    value
        .filter(|value| is_valid(value))
        .map(str::to_owned)
        .ok_or_else(|| {
            let message = format!("the control file's `{name}` must be such as {examples}");
            Rejection::new(name, message)
        })
}

/// `pkg_name_is_illegal` of dpkg.
fn is_name(name: &str) -> bool {
    is_word(name, b"-+._")
}

/// `parseversion` of dpkg.
fn is_version(version: &str) -> bool {
    let upstream = match version.split_once(':') {
        None => version,
        Some((epoch, upstream)) => {
            if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
                return false;
            }
            upstream
        }
    };
    is_word(upstream, b".-+~:")
}

fn is_architecture(architecture: &str) -> bool {
    is_word(architecture, b"-")
}

/// An epoch of zero is the one that is meant where there is none.
fn without_zero_epoch(version: &str) -> String {
    match version.split_once(':') {
        Some((epoch, upstream)) if epoch.bytes().all(|byte| byte == b'0') => upstream.to_owned(),
        _ => version.to_owned(),
    }
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("control", format!("`control` is not usable: {why}"))
}

#[cfg(test)]
mod tests;
