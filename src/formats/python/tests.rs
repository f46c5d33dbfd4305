use std::io::Cursor;

use serde_json::json;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::tarball::fixtures::{gzip, tar};
use crate::formats::containers::zip::fixtures::zip;
use crate::formats::round_trip::read as read_package;

const METADATA: &str = "\
Metadata-Version: 2.1
Name: Ruamel.Yaml
Version: 1.2.0
Summary: Ein Büro
Requires-Python: >=3.8
Requires-Dist: a>=1; extra == \"x\"
Requires-Dist: b
Provides-Extra: x
Classifier: One :: Two
License: MIT
        folded
License-File: LICENSE
License-File: licenses/NOTICE.txt

The description: is not a field
";

fn read_python(filename: &str, file: Vec<u8>) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Python, filename, &mut Cursor::new(file))
}

fn a_wheel() -> Vec<u8> {
    let vendored = "pkg/_vendor/other-1.dist-info/METADATA";
    zip(&[
        ("pkg/__init__.py", b""),
        (vendored, b"Name: other"),
        ("ruamel_yaml-1.2.0.dist-info/METADATA", METADATA.as_bytes()),
    ])
}

#[test]
fn a_wheel_says_all_that_an_index_needs() {
    let manifest = read_python("ruamel_yaml-1.2.0-1-cp311-cp311-any.whl", a_wheel()).unwrap();
    let expected = json!({
        "filetype": "bdist_wheel",
        "metadata_version": "2.1",
        "summary": "Ein Büro",
        "requires_python": ">=3.8",
        "requires_dist": ["a>=1; extra == \"x\"", "b"],
        "provides_extra": ["x"],
        "license": "MIT\n        folded",
        "license_expression": null,
        "license_files": ["LICENSE", "licenses/NOTICE.txt"],
        "author": null,
        "author_email": null,
        "maintainer": null,
        "maintainer_email": null,
        "home_page": null,
        "keywords": null,
        "classifiers": ["One :: Two"],
        "project_urls": [],
        "description_content_type": null,
        "dynamic": [],
        "metadata_sha256": Digest::sha256(METADATA.as_bytes()).to_string(),
        "metadata_size": METADATA.len(),
        "build": "1",
    });
    assert_eq!(
        manifest,
        Manifest {
            name: "Ruamel.Yaml".to_owned(),
            normalized_name: "ruamel-yaml".to_owned(),
            version: "1.2.0".to_owned(),
            normalized_version: "1.2".to_owned(),
            variant: Some("1-cp311-cp311-any".to_owned()),
            metadata: metadata(&expected).unwrap(),
        }
    );
}

#[test]
fn a_source_distribution_may_be_tar_or_zip() {
    let inside = "ruamel.yaml-1.2.0/PKG-INFO";
    let egg = "ruamel.yaml-1.2.0/src/x.egg-info/PKG-INFO";
    let files = [(inside, METADATA.as_bytes()), (egg, &b"Name: egg"[..])];
    let packed = gzip(&tar(&files));
    for (filename, file) in [
        ("ruamel.yaml-1.2.0.tar.gz", packed),
        ("ruamel_yaml-1.2.zip", zip(&files)),
    ] {
        let manifest = read_python(filename, file).unwrap();
        assert_eq!(manifest.name, "Ruamel.Yaml");
        assert_eq!(manifest.variant.as_deref(), Some("sdist"));
        assert_eq!(manifest.metadata.value()["filetype"], "sdist");
    }
}

#[test]
fn file_names_installers_would_refuse_are_refused() {
    for filename in [
        "other-1.2.0-py3-none-any.whl",
        "ruamel_yaml-1.3.0-py3-none-any.whl",
        "ruamel_yaml-1.2.0.whl",
        "ruamel_yaml-1.2.0-x1-py3-none-any.whl",
        "ruamel_yaml-1.2.0-py3-no/ne-any.whl",
    ] {
        let rejection = read_python(filename, a_wheel()).unwrap_err();
        assert_eq!(rejection.field, "filename", "{filename}");
    }
    assert_eq!(
        read_python("other-1.2.0-py3-none-any.whl", a_wheel())
            .unwrap_err()
            .message,
        "The file name is that of another wheel: it should begin with `ruamel_yaml-1.2.0`."
    );
    let sdist = gzip(&tar(&[("x/PKG-INFO", METADATA.as_bytes())]));
    assert_eq!(
        read_python("upload-1.2.0.tar.gz", sdist).unwrap_err().message,
        "The file name and the metadata of the source distribution disagree, and installers would \
         refuse it: expected `Ruamel_Yaml-1.2.0.tar.gz`."
    );
}

#[test]
fn names_and_versions_follow_their_rules() {
    for (from, to, field) in [
        ("Name: Ruamel.Yaml", "Name: ../x", "Name"),
        ("Name: Ruamel.Yaml", "Name: -x", "Name"),
        ("Name: Ruamel.Yaml", "Nam: x", "Name"),
        ("Version: 1.2.0", "Version: 2004d!", "Version"),
        ("Version: 1.2.0", "Version: ", "Version"),
    ] {
        let text = METADATA.replacen(from, to, 1);
        let file = zip(&[("ruamel_yaml-1.dist-info/METADATA", text.as_bytes())]);
        let rejection = read_python("ruamel_yaml-1.2.0-py3-none-any.whl", file).unwrap_err();
        assert_eq!(rejection.field, field, "{to}");
    }
}

#[test]
fn a_version_beyond_machine_words_is_read() {
    let version = "0.2.1.dev768230559194918072045";
    let text = format!("Name: a\nVersion: {version}\n");
    let file = gzip(&tar(&[("a/PKG-INFO", text.as_bytes())]));
    let manifest = read_python(&format!("a-{version}.tar.gz"), file).unwrap();
    assert_eq!(
        (manifest.version.as_str(), manifest.normalized_version.as_str()),
        (version, version)
    );
}

#[test]
fn two_manifests_or_none_are_refused() {
    let name = "a-1.dist-info/METADATA";
    let two = zip(&[(name, b"Name: a"), ("b-1.dist-info/METADATA", b"Name: b")]);
    for file in [two, zip(&[("a", b"")])] {
        let rejection = read_python("a-1-py3-none-any.whl", file).unwrap_err();
        assert_eq!(rejection.field, "METADATA");
    }
}

#[test]
fn a_bomb_is_refused() {
    let bomb = vec![b'\n'; 17 * 1024 * 1024];
    let file = zip(&[("a-1.dist-info/METADATA", &bomb)]);
    let rejection = read_python("a-1-py3-none-any.whl", file).unwrap_err();
    assert_eq!(
        rejection.message,
        "`METADATA` is larger than the 16777216 bytes that are read of it; build the package again with less in it."
    );
}

#[test]
fn a_wheel_may_be_for_many_platforms() {
    let platforms: Vec<_> = (6..14).map(|minor| format!("macosx_10_{minor}_x86_64")).collect();
    let tags = format!("cp310.cp311-abi3-{}", platforms.join("."));
    let file = zip(&[("a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n")]);
    let manifest = read_python(&format!("a-1-{tags}.whl"), file).unwrap();
    assert_eq!(manifest.variant, Some(tags));
}

/// Counts the bytes that are read of it.
struct Counting(Cursor<Vec<u8>>, usize);

impl std::io::Read for Counting {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read;
        Ok(read)
    }
}

impl std::io::Seek for Counting {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn of_a_large_wheel_little_is_read() {
    // Bytes that do not compress (xorshift).
    let next = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        Some(state.to_le_bytes())
    };
    let large: Vec<u8> = (0..250_000).scan(1, |state, _| next(state)).flatten().collect();
    let file = zip(&[
        ("a/large", &large),
        ("a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n"),
    ]);
    assert!(file.len() > 1_000_000);
    let mut source = Counting(Cursor::new(file), 0);
    let manifest = read_package(Ecosystem::Python, "a-1-py3-none-any.whl", &mut source);
    assert_eq!(manifest.unwrap().name, "a");
    assert!(source.1 < 100_000, "{} bytes were read", source.1);
}
