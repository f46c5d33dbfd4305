//! Files that were evidently meant for another registry, or for none.
//!
//! Reads the first bytes, and archives only as far as those reach. Never decides whether a file is a
//! package: it only makes a rejection more helpful.

use std::io::{Read, Seek};

use crate::ecosystem::Ecosystem;
use crate::formats::containers::gzip::Gunzip;
use crate::formats::containers::tarball::Archive;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::Rejection;
use crate::formats::source::budget::{Budget, Metered};

/// Bytes that are read of a file.
const MAX_HEAD_BYTES: u64 = 64 * 1024;
/// Bytes that are decompressed of them.
const MAX_EXPANDED_BYTES: u64 = 4 * 1024 * 1024;
/// Members that are read of an archive.
const MAX_MEMBERS: usize = 1_000;

/// A kind of file, and what people call it.
#[derive(Debug)]
enum Kind {
    Package {
        ecosystem: Ecosystem,
        called: &'static str,
    },
    /// An archive with unknown contents.
    Container(Container, &'static str),
    Other(&'static str),
}

const fn package(ecosystem: Ecosystem, called: &'static str) -> Kind {
    Kind::Package { ecosystem, called }
}

impl Kind {
    /// A name for the file and advice, unless it may well be a broken package of `format`.
    fn foreign_to(&self, format: &Format) -> Option<(&'static str, &'static str)> {
        let elsewhere = "publish it to a registry that holds it";
        let build = "publish the package that your build made";
        match *self {
            Self::Package { ecosystem, called } if ecosystem != format.ecosystem => Some((called, elsewhere)),
            Self::Container(kind, called) if !format.containers.contains(&kind) => Some((called, build)),
            Self::Other(called) => Some((called, build)),
            _ => None,
        }
    }
}

/// The rejection of a file that is evidently not a package of `format`.
pub(super) fn explain_foreign_file(format: &Format, source: &mut Metered<'_>) -> Option<Rejection> {
    if format.ecosystem == Ecosystem::Files {
        return None;
    }
    let (called, advice) = kind(source)?.foreign_to(format)?;
    let holds = format.holds;
    let message = format!("This is {called}, but the registry holds {holds}; {advice}.");
    Some(Rejection::new("file", message))
}

fn kind(source: &mut Metered<'_>) -> Option<Kind> {
    let budget = source.budget();
    source.rewind().ok()?;
    let mut head = Vec::new();
    source.take(MAX_HEAD_BYTES).read_to_end(&mut head).ok()?;
    let text = head.trim_ascii_start();
    let kind = match head.as_slice() {
        [] => Kind::Other("an empty file"),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => archive(&head),
        [0xed, 0xab, 0xee, 0xdb, ..] => package(Ecosystem::Redhat, "an RPM package"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => zip(&head),
        [0x1f, 0x8b, ..] => gzip(&head, budget),
        [0x7f, b'E', b'L', b'F', ..] => Kind::Other("an ELF executable"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Kind::Other("an xz-compressed file"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Other("a Zstandard-compressed file"),
        [b'A', b'D', b'B', b'.' | b'c' | b'd', ..] => package(Ecosystem::Alpine, "an Alpine package"),
        [0x89, b'P', b'N', b'G', ..] => Kind::Other("a PNG image"),
        _ if starts_with_ignoring_case(text, b"<!doctype html")
            || starts_with_ignoring_case(text, b"<html") =>
        {
            Kind::Other("an HTML page")
        }
        _ if head.get(257..262) == Some(b"ustar") => {
            by_members(&head[..], budget).unwrap_or(Kind::Container(Container::Tar, "a tar archive"))
        }
        _ if is_text(&head) => Kind::Container(Container::Text, "a text file"),
        _ => return None,
    };
    Some(kind)
}

/// Whether the head of a file is UTF-8, perhaps cut in the middle of a letter, that people can read.
fn is_text(head: &[u8]) -> bool {
    let readable = |byte: &u8| *byte >= b' ' || byte.is_ascii_whitespace();
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    whole && head.iter().all(readable)
}

fn starts_with_ignoring_case(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn archive(head: &[u8]) -> Kind {
    if head.get(8..21) == Some(b"debian-binary") {
        package(Ecosystem::Debian, "a Debian package")
    } else {
        Kind::Container(Container::Ar, "an ar archive")
    }
}

/// Decides by names in the head; compressed bytes rarely spell one.
fn zip(head: &[u8]) -> Kind {
    let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    if holds(b".dist-info/") {
        package(Ecosystem::Python, "a Python wheel")
    } else if holds(b".nuspec") {
        package(Ecosystem::Nuget, "a NuGet package")
    } else if holds(b"META-INF/MANIFEST.MF") {
        package(Ecosystem::Java, "a Java archive")
    } else if holds(b"/PKG-INFO") {
        package(Ecosystem::Python, "a Python source distribution")
    } else {
        Kind::Container(Container::Zip, "a ZIP archive")
    }
}

fn gzip(head: &[u8], budget: &Budget) -> Kind {
    match by_members(Gunzip::first(head, budget).take(MAX_EXPANDED_BYTES), budget) {
        None => Kind::Container(Container::Gzip, "a gzip-compressed file"),
        // A gem is not compressed as a whole, so this one was packed again.
        Some(Kind::Package {
            ecosystem: Ecosystem::Ruby,
            ..
        }) => Kind::Other("a gem that was compressed once more"),
        Some(kind) => kind,
    }
}

/// The kind that the members of a tar archive imply, of which only the beginning is there.
fn by_members(beginning: impl Read, budget: &Budget) -> Option<Kind> {
    let mut archive = Archive::new(beginning, budget);
    for _ in 0..MAX_MEMBERS {
        let member = archive.next().ok()??;
        let path = String::from_utf8_lossy(&member.path);
        let path = path.strip_prefix("./").unwrap_or(&path);
        if let Some(kind) = by_member(path) {
            return Some(kind);
        }
    }
    None
}

fn by_member(path: &str) -> Option<Kind> {
    if path == "metadata.gz" {
        return Some(package(Ecosystem::Ruby, "a gem"));
    }
    if path == ".PKGINFO" || path.starts_with(".SIGN.") {
        return Some(package(Ecosystem::Alpine, "an Alpine package"));
    }
    match path.split_once('/')?.1 {
        "package.json" => Some(package(Ecosystem::Javascript, "an npm package")),
        "Chart.yaml" => Some(package(Ecosystem::Helm, "a Helm chart")),
        "PKG-INFO" => Some(package(Ecosystem::Python, "a Python source distribution")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use crate::ecosystem::Ecosystem;
    use crate::formats::containers::tarball::fixtures::{gzip, tar};
    use crate::formats::read;

    fn message(file: &[u8]) -> String {
        let rejection = read(Ecosystem::Ruby, "x.gem", &mut Cursor::new(file)).unwrap_err();
        rejection.message
    }

    #[test]
    fn packages_of_other_ecosystems_are_recognized() {
        let deb = b"!<arch>\ndebian-binary   0           0     0     100644  4         `\n2.0\n";
        let npm = gzip(&tar(&[
            ("package/index.js", b""),
            ("package/package.json", b"{}"),
        ]));
        let chart = gzip(&tar(&[("chart/Chart.yaml", b"name: chart")]));
        let wheel = b"PK\x03\x04................ruamel_yaml-1.dist-info/METADATA";
        let expected = "but the registry holds gems (`.gem`); publish";
        for (file, what) in [
            (&deb[..], "a Debian package"),
            (&npm, "an npm package"),
            (&chart, "a Helm chart"),
            (wheel, "a Python wheel"),
            (b"\xed\xab\xee\xdb\x03\x00", "an RPM package"),
            (b" <!DOCTYPE html><title>404</title>", "an HTML page"),
            (b"", "an empty file"),
            ("kein Edelstein ü".as_bytes(), "a text file"),
        ] {
            let message = message(file);
            assert!(
                message.starts_with(&format!("This is {what}, {expected}")),
                "{message}"
            );
        }
        assert_eq!(
            message(b"not a gem"),
            "This is a text file, but the registry holds gems (`.gem`); publish the package that your \
             build made."
        );
    }
}
