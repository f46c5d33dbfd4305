use std::io::Cursor;

use serde_json::json;
use sha2::Digest;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::tarball::fixtures::{gzip, tar};
use crate::formats::round_trip::read as read_package;
use crate::formats::source::budget::fixtures::ample;

fn read_npm(files: &[(&str, &[u8])]) -> Result<Manifest, Rejection> {
    let file = gzip(&tar(files));
    read_package(Ecosystem::Javascript, "x.tgz", &mut Cursor::new(file))
}

#[test]
fn a_package_says_all_that_a_packument_needs() {
    let package = br#"{"name": "@types/node", "version": "v1.2.0+build", "bin": "./cli.js",
        "scripts": {"postinstall": "true"}, "dependencies": {"a": "^1"}}"#;
    let files: [(&str, &[u8]); 3] = [
        ("node/vendor/package.json", b"{}"),
        ("node/cli.js", b"12345"),
        ("node/package.json", package),
    ];
    let file = gzip(&tar(&files));
    let expected = json!({
        "manifest": {
            "name": "@types/node", "version": "v1.2.0+build", "bin": "./cli.js",
            "scripts": {"postinstall": "true"}, "dependencies": {"a": "^1"},
        },
        "integrity": format!("sha512-{}", STANDARD.encode(Sha512::digest(&file))),
        "shasum": hex::encode(Sha1::digest(&file)),
        "fileCount": 3,
        "unpackedSize": 7 + package.len(),
        "hasInstallScript": true,
        "bin": {"node": "cli.js"},
    });
    let manifest = read_npm(&files).unwrap();
    assert_eq!(
        manifest,
        Manifest {
            name: "@types/node".to_owned(),
            normalized_name: "@types/node".to_owned(),
            version: "1.2.0+build".to_owned(),
            normalized_version: "1.2.0".to_owned(),
            variant: None,
            metadata: metadata(&expected).unwrap(),
        }
    );
}

#[test]
fn an_archive_need_not_be_compressed() {
    let files: [(&str, &[u8]); 1] = [("package/package.json", br#"{"name": "a", "version": "1.0.0"}"#)];
    let file = tar(&files);
    let expected = json!({
        "manifest": {"name": "a", "version": "1.0.0"},
        "integrity": format!("sha512-{}", STANDARD.encode(Sha512::digest(&file))),
        "shasum": hex::encode(Sha1::digest(&file)),
        "fileCount": 1,
        "unpackedSize": 33,
        "hasInstallScript": false,
        "bin": {},
    });
    let manifest = read_package(Ecosystem::Javascript, "a.tar", &mut Cursor::new(file)).unwrap();
    assert_eq!(
        (manifest.name.as_str(), manifest.metadata.value()),
        ("a", expected)
    );
}

#[test]
fn a_byte_order_mark_does_not_disturb() {
    let package = b"\xef\xbb\xbf{\"name\": \"a\", \"version\": \"1.0.0\"}";
    assert_eq!(read_npm(&[("package/package.json", package)]).unwrap().name, "a");
}

#[test]
fn names_and_versions_follow_the_rules_of_npm() {
    for (name, version, field) in [
        ("../x", "1.0.0", "name"),
        ("@a", "1.0.0", "name"),
        ("@a/../b", "1.0.0", "name"),
        (".a", "1.0.0", "name"),
        ("node_modules", "1.0.0", "name"),
        ("a b", "1.0.0", "name"),
        (&"a".repeat(215), "1.0.0", "name"),
        ("a", "1.0", "version"),
        ("a", "", "version"),
        ("a", "1.0.0/../2", "version"),
        ("a", "9007199254740992.0.0", "version"),
    ] {
        let package = json!({"name": name, "version": version}).to_string();
        let rejection = read_npm(&[("package/package.json", package.as_bytes())]).unwrap_err();
        assert_eq!(rejection.field, field, "{name} {version}");
    }
}

#[test]
fn one_package_json_stands_at_the_top() {
    let package: &[u8] = br#"{"name": "a", "version": "1.0.0"}"#;
    let deep = [("package/a/package.json", package)];
    let two = [("a/package.json", package), ("b/package.json", package)];
    assert_eq!(read_npm(&deep).unwrap_err().field, "package.json");
    assert_eq!(read_npm(&two).unwrap_err().field, "package.json");
}

#[test]
fn what_is_no_object_is_refused() {
    for package in [&b"[]"[..], b"{", b"\"a\"", b"\xff"] {
        let rejection = read_npm(&[("package/package.json", package)]).unwrap_err();
        assert_eq!(rejection.field, "package.json");
    }
}

fn commands(package: &str) -> BTreeMap<String, String> {
    let written = json::read(package.as_bytes(), &ample()).unwrap();
    Package::read(&written).unwrap().commands("@s/a").unwrap()
}

#[test]
fn commands_stay_inside_the_package() {
    for (bin, expected) in [
        (r#""./cli.js""#, &[("a", "cli.js")][..]),
        (
            r#"{"../../evil": "../../../etc/passwd", "b": "./x/../y.js"}"#,
            &[("evil", "etc/passwd"), ("b", "y.js")],
        ),
        (r#"{"c:\\d\\e": "f\\g:h", "b": 1, "": "x"}"#, &[("e", "f/g:h")]),
        (r#"["./bin/x", "y", 1]"#, &[("x", "bin/x"), ("y", "y")]),
        (r#"{"a": "1", "a": "2"}"#, &[("a", "2")]),
        ("1", &[]),
    ] {
        let owned = expected
            .iter()
            .map(|(name, path)| ((*name).to_owned(), (*path).to_owned()));
        assert_eq!(
            commands(&format!(r#"{{"bin": {bin}}}"#)),
            owned.collect(),
            "{bin}"
        );
    }
}

#[test]
fn commands_are_counted() {
    let many: Vec<_> = (0..=MAX_COMMANDS).map(|id| format!(r#""c{id}": "x""#)).collect();
    let package = format!(
        r#"{{"name": "a", "version": "1.0.0", "bin": {{{}}}}}"#,
        many.join(",")
    );
    let rejection = read_npm(&[("package/package.json", package.as_bytes())]).unwrap_err();
    assert_eq!(
        rejection.message,
        "`package.json` is not usable: `bin` names more than 1000 commands."
    );
}

#[test]
fn a_manifest_is_kept_as_it_was_written() {
    let package = br#"{
        "name": "a", "version": "1.0.0", "description": "cut \ud83d",
        "exports": {"types": "./t.d.ts", "import": "./i.mjs", "default": "./d.js"},
        "large": [1e400, 123456789012345678901234567890], "2": 0, "1": 0
    }"#;
    let manifest = read_npm(&[("package/package.json", package)]).unwrap();
    let kept = concat!(
        r#"{"manifest":{"name":"a","version":"1.0.0","description":"cut \ud83d","#,
        r#""exports":{"types":"./t.d.ts","import":"./i.mjs","default":"./d.js"},"#,
        r#""large":[1e400,123456789012345678901234567890],"2":0,"1":0},"integrity":"#,
    );
    assert_eq!(&manifest.metadata.as_str()[..kept.len()], kept);
}

#[test]
fn authors_in_latin1_read_as_in_node() {
    let package = b"{\"name\": \"a\", \"version\": \"1.0.0\", \"author\": \"Jos\xe9\"}";
    let manifest = read_npm(&[("package/package.json", package)]).unwrap();
    assert_eq!(manifest.metadata.value()["manifest"]["author"], "Jos\u{fffd}");
}

#[test]
fn install_scripts_and_bindings_are_noticed() {
    let binding = ("package/binding.gyp", &b""[..]);
    for (fields, files, expected) in [
        (r#""scripts": {"test": "x"}"#, &[][..], false),
        (r#""scripts": {"install": "x"}"#, &[], true),
        (r#""scripts": {"install": "x", "install": ""}"#, &[], false),
        (r#""scripts": ["install"]"#, &[], false),
        (r#""x": 1"#, &[binding], true),
        (r#""gypfile": true"#, &[binding], true),
        (r#""gypfile": false"#, &[binding], false),
    ] {
        let package = format!(r#"{{"name": "a", "version": "1.0.0", {fields}}}"#);
        let own = [("package/package.json", package.as_bytes())];
        let manifest = read_npm(&[&own, files].concat()).unwrap();
        assert_eq!(
            manifest.metadata.value()["hasInstallScript"],
            expected,
            "{fields}"
        );
    }
}

#[test]
fn top_folders_are_stripped_as_by_npm() {
    let package: &[u8] = br#"{"name": "a", "version": "1.0.0"}"#;
    for (path, is_found) in [
        ("package//package.json", true),
        ("package/./package.json", true),
        ("./package.json", true),
        ("/package.json", true),
        ("./package/package.json", false),
        ("/package/package.json", false),
        ("package/../package.json", false),
        ("package.json", false),
        ("package\\package.json", false),
    ] {
        assert_eq!(read_npm(&[(path, package)]).is_ok(), is_found, "{path}");
    }
}

#[test]
fn an_archive_that_expands_beyond_measure_is_refused() {
    let rejection = read_npm(&[("package/zeros", &vec![0; 80 * 1024 * 1024])]).unwrap_err();
    assert!(
        rejection.message.contains("bytes to be read and unpacked"),
        "{rejection}"
    );
}

#[test]
fn an_archive_that_is_cut_off_is_refused() {
    let package: &[u8] = br#"{"name": "a", "version": "1.0.0"}"#;
    let file = gzip(&tar(&[("package/package.json", package)]));
    for length in 0..file.len() {
        let mut source = Cursor::new(&file[..length]);
        assert!(read_package(Ecosystem::Javascript, "x.tgz", &mut source).is_err());
    }
}

#[test]
fn a_package_json_without_end_is_refused() {
    let endless = vec![b' '; usize::try_from(MAX_PACKAGE_JSON_BYTES).unwrap() + 1];
    assert_eq!(
        read_npm(&[("package/package.json", &endless)])
            .unwrap_err()
            .message,
        "`package.json` is larger than the 4194304 bytes that are read of it; build the package again with less in it."
    );
}
