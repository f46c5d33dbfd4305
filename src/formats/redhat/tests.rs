use std::io::Cursor;

use serde_json::json;

use super::header::fixtures::{Values, header};
use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::round_trip::read as read_package;

fn tags() -> Vec<(u32, Values<'static>)> {
    vec![
        (tag::NAME, Values::Text("fruit")),
        (tag::VERSION, Values::Text("1.0~rc1")),
        (tag::RELEASE, Values::Text("2.fc40")),
        (tag::EPOCH, Values::Numbers(&[1])),
        (tag::ARCH, Values::Text("x86_64")),
        (tag::SUMMARY, Values::Texts(&["Früchte"])),
        (tag::BUILDTIME, Values::Numbers(&[1_700_000_000])),
        (tag::SIZE, Values::Numbers(&[4096])),
        (tag::LICENSE, Values::Text("MIT")),
        (tag::SOURCERPM, Values::Text("fruit-1.0~rc1-2.fc40.src.rpm")),
        (1047, Values::Texts(&["fruit"])),
        (1112, Values::Numbers(&[8])),
        (1113, Values::Texts(&["1:1.0~rc1-2.fc40"])),
        (1049, Values::Texts(&["rpmlib(A)", "/usr/bin/fruit", "bash"])),
        (1048, Values::Numbers(&[0, 0, 0x20c])),
        (1050, Values::Texts(&["", "", "5"])),
        (5046, Values::Texts(&["basket"])),
        (5048, Values::Numbers(&[0])),
        (5047, Values::Texts(&[""])),
        (tag::DIRNAMES, Values::Texts(&["/usr/bin/", "/usr/share/"])),
        (tag::DIRINDEXES, Values::Numbers(&[0, 1, 1])),
        (tag::BASENAMES, Values::Texts(&["fruit", "fruit", "log"])),
        (tag::FILEMODES, Values::Modes(&[0o100_755, 0o040_755, 0o100_644])),
        (tag::FILEFLAGS, Values::Numbers(&[0, 0, 64])),
        (tag::CHANGELOGTIME, Values::Numbers(&[1_699_963_200])),
        (
            tag::CHANGELOGNAME,
            Values::Texts(&["Ada <ada@example.com> - 1.0"]),
        ),
        (tag::CHANGELOGTEXT, Values::Texts(&["- ripe"])),
    ]
}

/// A whole package, for tests of all formats.
pub(crate) fn fixture() -> Vec<u8> {
    rpm(&tags())
}

/// The tags above with one of them exchanged.
fn with(tag: u32, values: Values<'static>) -> Vec<(u32, Values<'static>)> {
    let mut tags = tags();
    tags.retain(|(other, _)| *other != tag);
    tags.push((tag, values));
    tags
}

fn rpm(tags: &[(u32, Values)]) -> Vec<u8> {
    let mut lead = LEAD_MAGIC.to_vec();
    lead.resize(96, 0);
    let mut signature = header(&[(tag::SIGNED_PAYLOADSIZE, Values::Numbers(&[512]))]);
    signature.resize(signature.len().next_multiple_of(8), 0);
    [lead, signature, header(tags), b"payload".to_vec()].concat()
}

fn read_rpm(file: Vec<u8>) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Redhat, "lies-2.rpm", &mut Cursor::new(file))
}

#[test]
fn packages_hold_all_that_indexes_need() {
    let file = rpm(&tags());
    let end = file.len() - 7;
    let expected = json!({
        "epoch": 1, "version": "1.0~rc1", "release": "2.fc40", "arch": "x86_64",
        "summary": "Früchte", "description": null, "packager": null, "url": null,
        "license": "MIT", "vendor": null, "group": null, "build_host": null,
        "source_rpm": "fruit-1.0~rc1-2.fc40.src.rpm", "payload_compressor": null,
        "build_time": 1_700_000_000,
        "size": {"package": file.len(), "installed": 4096, "archive": 512},
        "header_range": {"start": 136, "end": end},
        "provides": [{
            "name": "fruit", "flags": "EQ", "epoch": "1", "version": "1.0~rc1", "release": "2.fc40",
        }],
        "requires": [{"name": "bash", "flags": "GE", "epoch": "0", "version": "5", "pre": true}],
        "conflicts": [], "obsoletes": [], "suggests": [], "enhances": [],
        "recommends": [{"name": "basket"}], "supplements": [],
        "folders": [
            {"path": "/usr/bin/", "files": ["fruit"]},
            {"path": "/usr/share/", "folders": ["fruit"], "ghosts": ["log"]},
        ],
        "changelog": [{
            "time": 1_699_963_200, "author": "Ada <ada@example.com> - 1.0", "text": "- ripe",
        }],
    });
    let manifest = read_rpm(file).unwrap();
    assert_eq!(manifest.metadata.value(), expected);
    let named = (
        manifest.name,
        manifest.version,
        manifest.normalized_version,
        manifest.variant,
    );
    let version = "1:1.0~rc1-2.fc40".to_owned();
    assert_eq!(
        named,
        (
            "fruit".to_owned(),
            version.clone(),
            version,
            Some("x86_64".to_owned())
        )
    );
}

#[test]
fn epochs_of_zero_and_sources_are_normalized() {
    let zero = read_rpm(rpm(&with(tag::EPOCH, Values::Numbers(&[0])))).unwrap();
    assert_eq!(zero.version, "0:1.0~rc1-2.fc40");
    assert_eq!(zero.normalized_version, "1.0~rc1-2.fc40");
    let source = read_rpm(rpm(&with(tag::SOURCEPACKAGE, Values::Numbers(&[1])))).unwrap();
    assert_eq!(source.variant.as_deref(), Some("src"));
}

#[test]
fn what_names_a_release_must_be_safe() {
    for (tag, value, field) in [
        (tag::NAME, "../x", "name"),
        (tag::NAME, "", "name"),
        (tag::VERSION, "1-2", "version"),
        (tag::RELEASE, "1/2", "release"),
        (tag::ARCH, "x 86", "arch"),
    ] {
        let rejection = read_rpm(rpm(&with(tag, Values::Text(value)))).unwrap_err();
        assert_eq!(rejection.field, field, "{value}");
    }
}

#[test]
fn latin1_texts_are_read_as_createrepo_writes_them() {
    let packager = with(tag::PACKAGER, Values::Bytes(b"Jos\xe9 <j@example.org>"));
    let manifest = read_rpm(rpm(&packager)).unwrap();
    assert_eq!(manifest.metadata.value()["packager"], "José <j@example.org>");
}

#[test]
fn texts_that_no_index_can_hold_are_refused() {
    for tag in [tag::SUMMARY, tag::CHANGELOGTEXT, tag::BASENAMES, 1047, 1113] {
        let rejection = read_rpm(rpm(&with(tag, Values::Text("a\u{1b}b")))).unwrap_err();
        assert_eq!(
            rejection.message,
            "The header's texts hold control characters, which the index of a repository cannot hold; remove \
             them and build the package again."
        );
    }
    assert!(read_rpm(rpm(&with(tag::SUMMARY, Values::Text("a\tb\r\n")))).is_ok());
}

#[test]
fn packages_without_source_keep_their_architecture() {
    let mut tags = tags();
    tags.retain(|(tag, _)| *tag != tag::SOURCERPM);
    let manifest = read_rpm(rpm(&tags)).unwrap();
    assert_eq!(manifest.variant.as_deref(), Some("x86_64"));
    assert_eq!(manifest.metadata.value()["source_rpm"], serde_json::Value::Null);
}

#[test]
fn file_names_of_old_packages_are_read() {
    let mut tags = with(
        tag::OLDFILENAMES,
        Values::Texts(&["/usr/bin/fruit", "/usr/share/fruit", "/usr/share/log"]),
    );
    tags.retain(|(tag, _)| ![tag::DIRNAMES, tag::DIRINDEXES, tag::BASENAMES].contains(tag));
    let manifest = read_rpm(rpm(&tags)).unwrap();
    let expected = json!([
        {"path": "/usr/bin/", "files": ["fruit"]},
        {"path": "/usr/share/", "folders": ["fruit"], "ghosts": ["log"]},
    ]);
    assert_eq!(manifest.metadata.value()["folders"], expected);
    // A file of the package itself is not a requirement.
    assert_eq!(manifest.metadata.value()["requires"].as_array().unwrap().len(), 1);
}

#[test]
fn dependencies_without_a_usable_epoch_are_left_out() {
    let manifest = read_rpm(rpm(&with(5047, Values::Texts(&["x:1"])))).unwrap();
    assert_eq!(manifest.metadata.value()["recommends"], json!([]));
}

#[test]
fn headers_that_lie_are_refused() {
    let outside = rpm(&with(tag::DIRINDEXES, Values::Numbers(&[0, 1, 9])));
    assert_eq!(read_rpm(outside).unwrap_err().field, "header");
    let names: &'static [&'static str] = vec![""; MAX_DEPENDENCIES + 1].leak();
    let many = rpm(&with(1054, Values::Texts(names)));
    assert_eq!(
        read_rpm(many).unwrap_err().message,
        "The package has more than 50000 dependencies; build it again with fewer."
    );
}

#[test]
fn a_package_that_is_cut_off_is_refused() {
    let file = rpm(&tags());
    for length in 0..=file.len() - 7 {
        assert!(read_rpm(file[..length].to_vec()).is_err());
    }
}

#[test]
fn folders_are_counted() {
    let names: &'static [&'static str] = vec!["/"; 20_001].leak();
    let many = rpm(&with(tag::DIRNAMES, Values::Texts(names)));
    assert_eq!(
        read_rpm(many).unwrap_err().message,
        "The package holds more than 200000 files or 20000 folders; split it."
    );
}
