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
