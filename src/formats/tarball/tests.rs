use std::io::Cursor;

use tar::EntryType;

use super::super::budget::fixtures::ample;
use super::fixtures::{append, tar};
use super::*;

fn paths(archive: Vec<u8>) -> io::Result<Vec<String>> {
    let budget = ample();
    let mut archive = Archive::seekable(Cursor::new(archive), &budget);
    let mut paths = Vec::new();
    while let Some(member) = archive.next()? {
        paths.push(String::from_utf8_lossy(&member.path).into_owned());
    }
    Ok(paths)
}

fn built(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    builder.into_inner().unwrap()
}

#[test]
fn long_names_of_gnu_and_pax_name_the_next_member() {
    let archive = built(|builder| {
        append(builder, "././@LongLink", b"by/gnu\0", EntryType::GNULongName);
        append(builder, "short", b"1", EntryType::Regular);
        append(builder, "pax", b"15 path=by/pax\n9 size=1\n", EntryType::XHeader);
        append(builder, "short", b"1", EntryType::Regular);
        append(builder, "own", b"1", EntryType::Regular);
    });
    assert_eq!(paths(archive).unwrap(), ["by/gnu", "by/pax", "own"]);
}

#[test]
fn a_pax_record_that_changes_the_size_is_refused() {
    let archive = built(|builder| {
        append(builder, "pax", b"9 size=0\n", EntryType::XHeader);
        append(builder, "file", b"1", EntryType::Regular);
    });
    let error = paths(archive).unwrap_err();
    assert_eq!(error.to_string(), "a pax record changes a member's size");
}

#[test]
fn an_endless_long_name_is_refused() {
    let name = vec![b'a'; usize::try_from(MAX_EXTENSION).unwrap() + 1];
    let archive = built(|builder| append(builder, "n", &name, EntryType::GNULongName));
    let error = paths(archive).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn a_member_that_claims_more_than_the_file_holds_is_refused() {
    let mut archive = tar(&[("file", &[7; 2000])]);
    archive.truncate(1024);
    let error = paths(archive).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn members_are_counted() {
    let header = &tar(&[("file", b"")])[..512];
    let archive = header.repeat(MAX_MEMBERS + 1);
    let error = paths(archive).unwrap_err();
    assert_eq!(error.to_string(), "holds more than 200000 members");
}

#[test]
fn a_path_that_no_file_system_takes_is_refused() {
    let name = vec![b'a'; MAX_PATH + 1];
    let archive = built(|builder| {
        append(builder, "n", &name, EntryType::GNULongName);
        append(builder, "n", b"", EntryType::Regular);
    });
    assert_eq!(
        paths(archive).unwrap_err().to_string(),
        "a member's path is too long"
    );
}

#[test]
fn records_with_line_feeds_in_their_values_are_passed_over() {
    let records = b"28 SCHILY.xattr.a=\n9 size=\xff\n15 path=by/pax\n";
    let archive = built(|builder| {
        append(builder, "pax", records, EntryType::XHeader);
        append(builder, "file", b"1", EntryType::Regular);
    });
    assert_eq!(paths(archive).unwrap(), ["by/pax"]);
}

/// The header of an empty file of that name, with a sum over signed bytes or over unsigned ones.
fn summed(name: &[u8], signed: bool) -> Vec<u8> {
    let mut header = tar(&[("x", b"")])[..512].to_vec();
    header[..name.len()].copy_from_slice(name);
    header[148..156].fill(b' ');
    let value = |byte: &u8| {
        if signed {
            i32::from(byte.cast_signed())
        } else {
            i32::from(*byte)
        }
    };
    let sum: i32 = header.iter().map(value).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn sums_of_signed_bytes_are_sums_too() {
    let name = "größe.txt".as_bytes();
    for signed in [true, false] {
        assert_eq!(paths(summed(name, signed)).unwrap(), ["größe.txt"]);
    }
    let mut wrong = summed(name, true);
    wrong[0] ^= 1;
    assert_eq!(paths(wrong).unwrap_err().to_string(), "a tar header is damaged");
}

#[test]
fn what_lies_beside_a_file_on_macos_is_no_file() {
    let archive = tar(&[("._a", b""), ("b/._a", b""), ("a", b""), ("b/a._", b"")]);
    let budget = ample();
    let mut archive = Archive::new(&archive[..], &budget);
    let mut files = Vec::new();
    while let Some(member) = archive.next().unwrap() {
        files.push(member.is_file());
    }
    assert_eq!(files, [false, false, true, true]);
}

#[test]
fn an_archive_ends_with_the_file_or_two_blocks_of_zeros() {
    let archive = tar(&[("a", b"")]);
    let lone = [&archive[..1024], &tar(&[("b", b"")])].concat();
    assert_eq!(paths(archive[..512].to_vec()).unwrap(), ["a"]);
    assert_eq!(paths(archive[..1024].to_vec()).unwrap(), ["a"]);
    assert_eq!(
        paths(lone).unwrap_err().to_string(),
        "a tar archive goes on behind its end"
    );
    let error = paths(archive[..700].to_vec()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn extension_headers_are_kept_no_longer_than_their_member() {
    let name = vec![b'a'; 4_000];
    let one = built(|builder| {
        append(builder, "n", &name, EntryType::GNULongName);
        append(builder, "n", b"", EntryType::Regular);
    });
    let archive = one[..one.len() - 1024].repeat(10_000);
    assert_eq!(paths(archive).unwrap().len(), 10_000);
}
