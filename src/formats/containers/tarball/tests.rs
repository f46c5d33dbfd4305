use std::io::Cursor;

use tar::EntryType;

use super::fixtures::{append, tar};
use super::*;
use crate::formats::source::budget::fixtures::ample;

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
fn long_names_belong_to_the_next_member() {
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
fn pax_sizes_that_differ_are_refused() {
    let archive = built(|builder| {
        append(builder, "pax", b"9 size=0\n", EntryType::XHeader);
        append(builder, "file", b"1", EntryType::Regular);
    });
    let error = paths(archive).unwrap_err();
    assert_eq!(error.to_string(), "a pax record changes a member's size");
}

#[test]
fn an_endless_long_name_is_refused() {
    let name = vec![b'a'; usize::try_from(MAX_EXTENSION_BYTES).unwrap() + 1];
    let archive = built(|builder| append(builder, "n", &name, EntryType::GNULongName));
    let error = paths(archive).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn members_longer_than_the_file_are_refused() {
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
fn paths_that_no_system_takes_are_refused() {
    let name = vec![b'a'; MAX_PATH_BYTES + 1];
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
fn pax_values_may_hold_line_feeds() {
    let records = b"28 SCHILY.xattr.a=\n9 size=\xff\n15 path=by/pax\n";
    let archive = built(|builder| {
        append(builder, "pax", records, EntryType::XHeader);
        append(builder, "file", b"1", EntryType::Regular);
    });
    assert_eq!(paths(archive).unwrap(), ["by/pax"]);
}

/// The archive's only header, with `change` made to it and a right sum again.
fn changed(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut header = tar(&[("a", b"")])[..512].to_vec();
    change(&mut header);
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn numbers_are_read_as_gnu_tar_reads_them() {
    for (field, size) in [
        (&b"00000001750\0"[..], Some(1000)),
        (b"       1750 ", Some(1000)),
        (b"\t1750\0xxxxxx", Some(1000)),
        (b"\x001750       ", Some(1000)),
        (b"1750 not this", Some(1000)),
        (b"            ", Some(0)),
        (b"\x80\0\0\0\0\0\0\0\0\0\x03\xe8", Some(1000)),
        (b"\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        (b"+1750       ", None),
        (b"-1750       ", None),
        (b"1750x       ", None),
        (b"1758        ", None),
    ] {
        let mut archive = changed(|header| header[124..136].copy_from_slice(&field[..12]));
        archive.extend([0; 1024]);
        let budget = ample();
        let read = Archive::new(&archive[..], &budget)
            .next()
            .ok()
            .flatten()
            .map(|member| member.size());
        assert_eq!(read, size, "{field:?}");
    }
}

#[test]
fn sums_are_octal() {
    let mut header = changed(|_| {});
    let sum = u32::from_str_radix(std::str::from_utf8(&header[148..154]).unwrap(), 8).unwrap();
    header[148..156].copy_from_slice(&[0x80, 0, 0, 0, 0, 0, 0, 0]);
    header[152..156].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(paths(header).unwrap_err().to_string(), "a tar header is damaged");
}

#[test]
fn links_and_directories_have_no_contents() {
    for kind in b'1'..=b'6' {
        let archive = |contents: &[u8]| built(|builder| append(builder, "a", contents, EntryType::new(kind)));
        assert_eq!(paths(archive(b"")).unwrap(), ["a"]);
        assert_eq!(
            paths(archive(b"x")).unwrap_err().to_string(),
            "a link, directory or device claims contents"
        );
    }
}

#[test]
fn a_member_with_two_long_names_is_refused() {
    let gnu = ("by/gnu", EntryType::GNULongName);
    let pax = ("15 path=by/pax\n", EntryType::XHeader);
    for (first, second) in [(gnu, gnu), (gnu, pax), (pax, gnu)] {
        let archive = built(|builder| {
            append(builder, "n", first.0.as_bytes(), first.1);
            append(builder, "n", second.0.as_bytes(), second.1);
            append(builder, "n", b"", EntryType::Regular);
        });
        assert_eq!(
            paths(archive).unwrap_err().to_string(),
            "a member has two long names"
        );
    }
    let archive = built(|builder| {
        append(builder, "n", pax.0.as_bytes(), pax.1);
        append(builder, "n", b"11 mtime=1\n", pax.1);
    });
    assert_eq!(
        paths(archive).unwrap_err().to_string(),
        "a member has two pax headers"
    );
}

#[test]
fn global_records_name_and_measure_no_members() {
    let global = |records: &[u8]| {
        paths(built(|builder| {
            append(builder, "g", records, EntryType::XGlobalHeader);
            append(builder, "a", b"", EntryType::Regular);
        }))
    };
    assert_eq!(global(b"13 comment=x\n").unwrap(), ["a"]);
    for records in [&b"10 path=b\n"[..], b"9 size=0\n"] {
        assert_eq!(
            global(records).unwrap_err().to_string(),
            "a global pax record sets a path or a size"
        );
    }
}

#[test]
fn extension_headers_of_solaris_are_those_of_pax() {
    let archive = built(|builder| {
        append(builder, "X", b"15 path=by/pax\n", EntryType::new(b'X'));
        append(builder, "short", b"", EntryType::Regular);
        append(builder, "L", b"nothing", EntryType::GNULongName);
    });
    assert_eq!(paths(archive).unwrap(), ["by/pax"]);
}

#[test]
fn a_path_with_a_nul_is_refused() {
    let archive = built(|builder| {
        append(builder, "x", b"12 path=a\0b\n", EntryType::XHeader);
        append(builder, "short", b"", EntryType::Regular);
    });
    assert_eq!(
        paths(archive).unwrap_err().to_string(),
        "a member's path holds a NUL"
    );
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
fn files_that_macos_adds_are_skipped() {
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
fn archives_end_with_file_or_zero_blocks() {
    let archive = tar(&[("a", b"")]);
    let lone = [&archive[..1024], &tar(&[("b", b"")])].concat();
    assert_eq!(paths(archive[..512].to_vec()).unwrap(), ["a"]);
    assert_eq!(paths(archive[..1024].to_vec()).unwrap(), ["a"]);
    assert_eq!(paths(archive[..1100].to_vec()).unwrap(), ["a"]);
    assert_eq!(paths(archive[..600].to_vec()).unwrap(), ["a"]);
    assert_eq!(
        paths(lone).unwrap_err().to_string(),
        "a tar archive goes on behind its end"
    );
    let error = paths([&archive[..512], b"junk"].concat()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn extension_headers_apply_to_one_member() {
    let name = vec![b'a'; 4_000];
    let one = built(|builder| {
        append(builder, "n", &name, EntryType::GNULongName);
        append(builder, "n", b"", EntryType::Regular);
    });
    let archive = one[..one.len() - 1024].repeat(10_000);
    assert_eq!(paths(archive).unwrap().len(), 10_000);
}
