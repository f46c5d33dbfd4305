//! `files`: anything, named `{BASENAME}-{SEMVER}.{EXT}`.

use std::borrow::Cow;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::ecosystem::Ecosystem;
use crate::formats::format::Format;
use crate::formats::manifest::{
    MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES, Manifest, Rejection, metadata,
};
use crate::formats::source::bounded::{length_of, unreadable};
use crate::formats::source::budget::Metered;

/// The public service's own sentence.
const WRONG_NAME: &str = "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}";

/// Extensions of two parts, which win where a version could also end within them.
const COMPOUND: &[&str] = &[
    "tar.gz",
    "tar.bz2",
    "tar.xz",
    "tar.zst",
    "tar.lz",
    "tar.lzma",
    "tar.br",
    "tar.Z",
    "cpio.gz",
    "cpio.xz",
    "img.gz",
    "img.xz",
    "iso.gz",
    "iso.xz",
    "qcow2.xz",
    "sql.gz",
    "json.gz",
    "csv.gz",
    "txt.gz",
    "log.gz",
    "min.js",
    "min.css",
    "js.map",
    "css.map",
    "d.ts",
    "spdx.json",
    "cdx.json",
];

/// Extensions of files that accompany another one and are named after it: signatures and digests.
const BESIDE: &[&str] = &["asc", "md5", "minisig", "pem", "sha1", "sha256", "sha512", "sig"];

/// Facts of a file, as a download page shows them. Every field has a default, so that items of earlier
/// versions read too.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) extension: String,
    pub(crate) media_type: Cow<'static, str>,
    /// Bytes of the file.
    pub(crate) size: u64,
}

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Files,
    holds: "files of any kind",
    containers: &[],
    read,
};

fn read(filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let (name, version, extension) = split(filename).ok_or_else(|| wrong_name(filename))?;
    let size = length_of(source).map_err(unreadable("file"))?;
    Ok(Manifest {
        name: name.to_owned(),
        normalized_name: name.to_owned(),
        version: version.to_owned(),
        normalized_version: version.to_owned(),
        variant: Some(extension.to_owned()),
        metadata: metadata(&Facts {
            extension: extension.to_owned(),
            media_type: media_type(extension).into(),
            size,
        })?,
    })
}

/// The public service's sentence, and for a name with four numbers, as versions of Windows installers
/// have, how to write them.
fn wrong_name(filename: &str) -> Rejection {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let hyphens = filename
        .match_indices('-')
        .take_while(|_| filename.len() <= MAX_NAME_BYTES);
    let mut renamed = hyphens.filter_map(|(hyphen, _)| {
        let (third_dot, _) = filename.get(hyphen..)?.match_indices('.').nth(2)?;
        let (three, fourth) = filename.split_at_checked(hyphen + third_dot)?;
        let numbers = three.get(hyphen + 1..)?;
        let name = format!("{three}+{}", fourth.get(1..)?);
        numbers.split('.').all(is_number).then_some(name)
    });
    let renamed = renamed.find(|name| split(name).is_some());
    let advice = renamed.map(|name| format!("; a version has three numbers, so name this file `{name}`"));
    Rejection::new("file", format!("{WRONG_NAME}{}", advice.unwrap_or_default()))
}

/// Base name, version and extension: at the leftmost hyphen that a version and an extension follow.
fn split(filename: &str) -> Option<(&str, &str, &str)> {
    if filename.len() > MAX_NAME_BYTES + MAX_VERSION_BYTES + MAX_VARIANT_BYTES + 2 {
        return None;
    }
    filename.match_indices('-').find_map(|(hyphen, _)| {
        let name = filename.get(..hyphen).filter(|name| is_base_name(name))?;
        let (version, extension) = version_and_extension(filename.get(hyphen + 1..)?)?;
        Some((name, version, extension))
    })
}

/// Version and extension; what lies beside a file is cut where that file's own name is.
fn version_and_extension(rest: &str) -> Option<(&str, &str)> {
    let file = beside_what(rest).unwrap_or(rest);
    let version = version(file)?;
    Some((version, rest.get(version.len() + 1..)?))
}

/// The version in `file`, of every way to cut it the one with a known compound extension, else the
/// longest.
fn version(file: &str) -> Option<&str> {
    if !file.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let mut longest = None;
    for (dot, _) in file.match_indices('.') {
        let (Some(version), Some(extension)) = (file.get(..dot), file.get(dot + 1..)) else {
            continue;
        };
        if !is_extension(extension) || Version::parse(version).is_err() {
            continue;
        }
        if COMPOUND.contains(&extension) {
            return Some(version);
        }
        longest = Some(version);
    }
    longest
}

/// The file of a usual extension that a signature or digest lies beside.
fn beside_what(rest: &str) -> Option<&str> {
    let (file, last) = rest.rsplit_once('.')?;
    let ends_with = |extension: &&str| {
        let before = file.strip_suffix(extension);
        before.is_some_and(|before| before.ends_with('.'))
    };
    let is_usual = media_type(file) != UNKNOWN || COMPOUND.iter().any(ends_with);
    (BESIDE.contains(&last) && is_usual).then_some(file)
}

fn is_base_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

/// Parts with dots between them, none a number in front: that would be a fourth one of the version.
fn is_extension(extension: &str) -> bool {
    let behind_digits = extension.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let starts_with_number =
        behind_digits.len() < extension.len() && !behind_digits.starts_with(char::is_alphabetic);
    !starts_with_number
        && extension.split('.').all(|part| {
            let allowed = |letter: char| letter.is_alphanumeric() || "_-+~".contains(letter);
            !part.is_empty() && part.chars().all(allowed)
        })
}

/// The media type of what is none of the usual.
const UNKNOWN: &str = "application/octet-stream";

/// The registered media type of the extension's last part, where it is one of the usual ones.
fn media_type(extension: &str) -> &'static str {
    let last = extension.rsplit('.').next().unwrap_or(extension);
    match last.to_ascii_lowercase().as_str() {
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "bz2" | "tbz2" => "application/x-bzip2",
        "xz" | "txz" => "application/x-xz",
        "zst" => "application/zstd",
        "7z" => "application/x-7z-compressed",
        "tar" => "application/x-tar",
        "json" | "map" => "application/json",
        "xml" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "jar" | "war" => "application/java-archive",
        "deb" => "application/vnd.debian.binary-package",
        "rpm" => "application/x-rpm",
        "apk" => "application/vnd.android.package-archive",
        "exe" | "dll" | "msi" => "application/vnd.microsoft.portable-executable",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "md" => "text/markdown",
        "txt" | "log" | "asc" => "text/plain",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "svg" => "image/svg+xml",
        "dmg" => "application/x-apple-diskimage",
        "iso" => "application/x-iso9660-image",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn read(filename: &str, bytes: &[u8]) -> Result<Manifest, Rejection> {
        super::read(filename, &mut Metered::new(&mut Cursor::new(bytes), &ample()))
    }

    fn parts(filename: &str) -> Option<(&str, &str, &str)> {
        split(filename)
    }

    #[test]
    fn file_names_hold_name_version_and_extension() {
        let manifest = read("my-tool-1.2.3.tar.gz", b"12345").unwrap();
        assert_eq!(
            manifest,
            Manifest {
                name: "my-tool".to_owned(),
                normalized_name: "my-tool".to_owned(),
                version: "1.2.3".to_owned(),
                normalized_version: "1.2.3".to_owned(),
                variant: Some("tar.gz".to_owned()),
                metadata: metadata(&json!({
                    "extension": "tar.gz",
                    "media_type": "application/gzip",
                    "size": 5,
                }))
                .unwrap(),
            }
        );
    }

    #[test]
    fn names_end_at_the_first_version() {
        assert_eq!(parts("a-1.0.0-b-2.0.0.zip"), Some(("a", "1.0.0-b-2.0.0", "zip")));
        assert_eq!(parts("a-1.0-2.0.0.zip"), Some(("a-1.0", "2.0.0", "zip")));
    }

    #[test]
    fn a_compound_extension_wins_over_a_longer_version() {
        assert_eq!(parts("a-1.0.0-rc.1.tar.gz"), Some(("a", "1.0.0-rc.1", "tar.gz")));
        assert_eq!(parts("a-1.0.0-rc.1.zip"), Some(("a", "1.0.0-rc.1", "zip")));
        assert_eq!(parts("a-1.0.0+build.5.zip"), Some(("a", "1.0.0+build.5", "zip")));
        assert_eq!(
            parts("a-1.0.0-rc.1.spdx.json"),
            Some(("a", "1.0.0-rc.1", "spdx.json"))
        );
    }

    #[test]
    fn what_lies_beside_a_file_has_its_version() {
        for extension in ["tar.gz", "tar.bz2", "tgz", "exe", "deb", "zip", "dmg"] {
            let version = "1.2.3-linux-amd64";
            for beside in BESIDE {
                let (file, beside) = (
                    format!("tool-{version}.{extension}"),
                    format!("{extension}.{beside}"),
                );
                assert_eq!(parts(&file), Some(("tool", version, extension)));
                let name = format!("tool-{version}.{beside}");
                assert_eq!(parts(&name), Some(("tool", version, beside.as_str())));
            }
        }
        assert_eq!(parts("a-1.0.0-rc.1.sha256"), Some(("a", "1.0.0-rc.1", "sha256")));
        for version in ["2.0.0-rc.1", "2.0.0+build.5"] {
            for extension in ["tar.gz.sha256", "zip.asc", "tar.lz.sig", "spdx.json.sig"] {
                let name = format!("a-{version}.{extension}");
                assert_eq!(parts(&name), Some(("a", version, extension)));
            }
        }
    }

    #[test]
    fn base_names_may_be_in_any_script() {
        assert_eq!(parts("büro-名-1.0.0.txt"), Some(("büro-名", "1.0.0", "txt")));
    }

    #[test]
    fn four_numbers_are_explained_in_the_refusal() {
        for (filename, expected) in [
            ("Setup-1.2.3.4.exe", "Setup-1.2.3+4.exe"),
            ("my-app-10.0.19041.1-x64.msi", "my-app-10.0.19041+1-x64.msi"),
            ("app-1.2.3.4.7z", "app-1.2.3+4.7z"),
            ("app-1.2.3.4.5.zip", "app-1.2.3+4.5.zip"),
        ] {
            let rejection = read(filename, b"").unwrap_err();
            let message =
                format!("{WRONG_NAME}; a version has three numbers, so name this file `{expected}`");
            assert_eq!(rejection, Rejection::new("file", message));
            assert!(parts(expected).is_some());
        }
        assert_eq!(parts("app-1.2.3.7z"), Some(("app", "1.2.3", "7z")));
    }

    #[test]
    fn every_other_name_gets_the_documented_message() {
        let wrong = [
            "",
            "tool.zip",
            "tool-1.0.zip",
            "tool-1.0.0",
            "tool-1.0.0.",
            "-1.0.0.zip",
            "tool-01.0.0.zip",
            "tool_1.0.0.zip",
            "tool-v1.0.0.zip",
            "tool-1.0.0.tar..gz",
            "to\0ol-1.0.0.zip",
            "../tool-1.0.0.zip",
            "tool-1.0.0.z/p",
        ];
        for filename in wrong {
            let rejection = read(filename, b"").unwrap_err();
            let expected = Rejection::new(
                "file",
                "Invalid filename format. Expected: {BASENAME}-{SEMVER}.{EXT}",
            );
            assert_eq!(rejection, expected, "{filename}");
        }
    }

    #[test]
    fn an_endless_name_is_refused() {
        assert_eq!(parts(&format!("{}-1.0.0.zip", "a-1.0.".repeat(10_000))), None);
    }
}
