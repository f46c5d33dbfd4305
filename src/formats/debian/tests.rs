use std::io::Cursor;

use serde_json::json;
use sha2::Digest;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::ar::fixtures::ar;
use crate::formats::containers::tarball::fixtures::{gzip, tar};
use crate::formats::round_trip::read as read_package;

const CONTROL: &str = "\
Package: bash
Source: bash (5.2.15-2)
Version: 1:5.2.15-2+b7
Architecture: amd64
Description: GNU Bourne Again SHell
 Bash is an sh-compatible
 .
 command language.
X-Own: yes
";

fn deb(control: &str) -> Vec<u8> {
    packed(&[("./", b""), ("./md5sums", b""), ("./control", control.as_bytes())])
}

/// A package whose `control.tar` holds `files`.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &gzip(&tar(files))),
        ("data.tar.xz", b"data"),
    ])
}

fn read_deb(file: Vec<u8>) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Debian, "lies_1.deb", &mut Cursor::new(file))
}

#[test]
fn a_package_says_all_that_packages_files_need() {
    let file = deb(CONTROL);
    let expected = json!({
        "control": [
            ["Package", "bash"],
            ["Source", "bash (5.2.15-2)"],
            ["Version", "1:5.2.15-2+b7"],
            ["Architecture", "amd64"],
            ["Description", "GNU Bourne Again SHell\n Bash is an sh-compatible\n .\n command language."],
            ["X-Own", "yes"],
        ],
        "size": file.len(),
        "md5sum": hex::encode(Md5::digest(&file)),
        "sha1": hex::encode(Sha1::digest(&file)),
        "sha256": hex::encode(Sha256::digest(&file)),
    });
    assert_eq!(
        read_deb(file).unwrap(),
        Manifest {
            name: "bash".to_owned(),
            normalized_name: "bash".to_owned(),
            version: "1:5.2.15-2+b7".to_owned(),
            normalized_version: "1:5.2.15-2+b7".to_owned(),
            variant: Some("amd64".to_owned()),
            metadata: metadata(&expected).unwrap(),
        }
    );
}

#[test]
fn the_control_archive_may_be_uncompressed() {
    let tar = tar(&[("control", CONTROL.as_bytes())]);
    let file = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar", &tar),
        ("data.tar", b""),
    ]);
    assert_eq!(read_deb(file).unwrap().name, "bash");
}

#[test]
fn an_epoch_of_zero_is_none() {
    let manifest = read_deb(deb(&CONTROL.replace("1:5", "0:5"))).unwrap();
    assert_eq!(manifest.version, "0:5.2.15-2+b7");
    assert_eq!(manifest.normalized_version, "5.2.15-2+b7");
}

#[test]
fn fields_follow_the_rules_of_dpkg() {
    for (from, to, field) in [
        ("Package: bash", "Package: ../x", "Package"),
        ("Package: bash", "Package: ", "Package"),
        ("Package: bash", "Paket: bash", "Package"),
        ("Version: 1:5.2", "Version: r10", "Version"),
        ("Version: 1:", "Version: 1:/", "Version"),
        ("amd64", "amd64\n i386", "Architecture"),
        ("X-Own: yes", "X: yes", "control"),
        ("X-Own: yes", "Essential: maybe", "control"),
        ("X-Own: yes", "Multi-Arch: other", "control"),
        ("amd64", "all\nMulti-Arch: same", "control"),
        ("X-Own: yes", "Status: install ok installed", "control"),
        ("X-Own: yes", "Revision: 2", "control"),
        ("X-Own: yes", "Depends: libc6 (>= 2.36", "control"),
    ] {
        let rejection = read_deb(deb(&CONTROL.replacen(from, to, 1))).unwrap_err();
        assert_eq!(rejection.field, field, "{to}");
    }
    for line in [
        "Essential: YES",
        "Multi-Arch: same",
        "Priority: odd",
        "X-Other:",
        "Depends:",
    ] {
        assert!(
            read_deb(deb(&CONTROL.replacen("Source: bash (5.2.15-2)", line, 1))).is_ok(),
            "{line}"
        );
    }
}

#[test]
fn a_maintainer_in_latin1_is_read() {
    let control = [&b"Maintainer: Jos\xe9\n"[..], CONTROL.as_bytes()].concat();
    let file = packed(&[("./control", &control)]);
    let manifest = read_deb(file).unwrap();
    assert_eq!(
        manifest.metadata.value()["control"][0],
        json!(["Maintainer", "José"])
    );
}

#[test]
fn packages_without_a_part_are_refused() {
    let control = gzip(&tar(&[("control", CONTROL.as_bytes())]));
    let binary = ("debian-binary", &b"2.0\n"[..]);
    let data = ("data.tar.xz", &b""[..]);
    let control = ("control.tar.gz", &control[..]);
    for (members, field) in [
        (vec![control, data], "debian-binary"),
        (vec![binary, data], "control.tar"),
        (vec![binary, data, control], "control.tar"),
        (vec![binary, control], "data.tar"),
        (vec![binary, control, control, data], "control.tar"),
        (vec![binary, ("control.tar.bz2", b""), data], "control.tar"),
        (vec![("debian-binary", b"3.0\n"), control, data], "debian-binary"),
    ] {
        assert_eq!(read_deb(ar(&members)).unwrap_err().field, field);
    }
}

#[test]
fn members_stand_where_dpkg_expects_them() {
    let control = gzip(&tar(&[("control", CONTROL.as_bytes())]));
    let binary = ("debian-binary", &b"2.0\n"[..]);
    let control = ("control.tar.gz", &control[..]);
    let data = ("data.tar.xz", &b""[..]);
    let (odd, skipped) = (("odd", &b"x"[..]), ("_odd", &b"x"[..]));
    for taken in [
        vec![binary, skipped, control, skipped, data],
        vec![binary, control, data, odd],
        vec![("debian-binary", b"2.1\nmore\n"), control, data],
        vec![
            ("debian-binary/", binary.1),
            ("control.tar.gz/", control.1),
            ("data.tar/", b""),
        ],
    ] {
        assert!(read_deb(ar(&taken)).is_ok());
    }
    for tail in [&b"\n"[..], b"no member"] {
        assert!(read_deb([ar(&[binary, control, data]), tail.to_vec()].concat()).is_ok());
    }
    for (refused, field) in [
        (vec![binary, odd, control, data], "file"),
        (vec![binary, control, odd, data], "file"),
        (vec![binary, control, ("data.tar.odd", b"")], "data.tar"),
        (vec![binary, ("control.tar.gzip", control.1), data], "control.tar"),
        (vec![("debian-binary", b"2.0"), control, data], "debian-binary"),
    ] {
        assert_eq!(read_deb(ar(&refused)).unwrap_err().field, field);
    }
}

#[test]
fn control_files_are_found_as_tar_unpacks() {
    for path in ["control", "./control", ".//control", "/control", "././/control"] {
        let manifest = read_deb(packed(&[(path, CONTROL.as_bytes())])).unwrap();
        assert_eq!(manifest.name, "bash", "{path}");
    }
    for path in ["x/control", "Control", "control/.", "control/control"] {
        let rejection = read_deb(packed(&[(path, CONTROL.as_bytes())])).unwrap_err();
        assert_eq!(rejection.field, "control", "{path}");
    }
}

#[test]
fn control_archives_beyond_the_bound_are_refused() {
    let bomb = gzip(&tar(&[("zeros", &vec![0; 20 * 1024 * 1024])]));
    let file = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &bomb),
        ("data.tar", b""),
    ]);
    assert_eq!(
        read_deb(file).unwrap_err().message,
        "`control.tar` is larger than the 16777216 bytes that are read of it; build the package again with less in it."
    );
}

#[test]
fn a_control_file_without_end_is_refused() {
    let endless = format!("{CONTROL}Endless:{}\n", " ".repeat(1024 * 1024));
    assert_eq!(
        read_deb(deb(&endless)).unwrap_err().message,
        "`control` is larger than the 1048576 bytes that are read of it; build the package again with less in it."
    );
}
