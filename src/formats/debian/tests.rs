use std::io::Cursor;

use serde_json::json;
use sha2::Digest;

use super::super::ar::fixtures::ar;
use super::super::tarball::fixtures::{gzip, tar};
use super::super::{Ecosystem, read as read_package};
use super::*;

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
    let tar = tar(&[("./", b""), ("./md5sums", b""), ("./control", control.as_bytes())]);
    ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &gzip(&tar)),
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
        "md5sum": hex(&Md5::digest(&file)),
        "sha1": hex(&Sha1::digest(&file)),
        "sha256": hex(&Sha256::digest(&file)),
    });
    assert_eq!(
        read_deb(file).unwrap(),
        Manifest {
            name: "bash".to_owned(),
            normalized_name: "bash".to_owned(),
            version: "1:5.2.15-2+b7".to_owned(),
            normalized_version: "1:5.2.15-2+b7".to_owned(),
            variant: Some("amd64".to_owned()),
            metadata: metadata(&expected),
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
        ("Version: 1:", "Version: x:", "Version"),
        ("Version: 1:", "Version: 1:/", "Version"),
        (
            "Architecture: amd64",
            "Architecture: amd64\n i386",
            "Architecture",
        ),
        ("X-Own: yes", "no field", "control"),
        ("X-Own: yes", "version: 2", "control"),
    ] {
        let rejection = read_deb(deb(&CONTROL.replacen(from, to, 1))).unwrap_err();
        assert_eq!(rejection.field, field, "{to}");
    }
}

#[test]
fn a_package_without_one_of_its_parts_is_refused() {
    let control = gzip(&tar(&[("control", CONTROL.as_bytes())]));
    let binary = ("debian-binary", &b"2.0\n"[..]);
    let data = ("data.tar.xz", &b""[..]);
    let control = ("control.tar.gz", &control[..]);
    for (members, field) in [
        (vec![control, data], "debian-binary"),
        (vec![binary, data], "control.tar"),
        (vec![binary, control], "data.tar"),
        (vec![binary, control, control, data], "control.tar"),
        (vec![binary, ("control.tar.bz2", b""), data], "control.tar"),
        (vec![("debian-binary", b"3.0\n"), control, data], "debian-binary"),
    ] {
        assert_eq!(read_deb(ar(&members)).unwrap_err().field, field);
    }
}

#[test]
fn a_control_archive_that_expands_beyond_measure_is_refused() {
    let bomb = gzip(&tar(&[("zeros", &vec![0; 20 * 1024 * 1024])]));
    let file = ar(&[
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", &bomb),
        ("data.tar", b""),
    ]);
    assert_eq!(
        read_deb(file).unwrap_err().message,
        "`control.tar` is larger than the 16777216 bytes that are read of it; build the package again with less in it"
    );
}

#[test]
fn a_control_file_without_end_is_refused() {
    let endless = format!("{CONTROL}Endless:{}", " ".repeat(1024 * 1024));
    assert_eq!(
        read_deb(deb(&endless)).unwrap_err().message,
        "`control` is larger than the 1048576 bytes that are read of it; build the package again with less in it"
    );
}
