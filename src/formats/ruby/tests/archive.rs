//! Gems as archives: order, number and kinds of members, and damage.

use tar::EntryType;

use super::*;
use crate::formats::containers::tarball::fixtures::append;

#[test]
fn data_may_come_first_beside_signatures() {
    let metadata = gzip(SPECIFICATION.as_bytes());
    let file = tar(&[
        ("data.tar.gz", &[1; 3000]),
        ("data.tar.gz.sig", b"sig"),
        ("metadata.gz", &metadata),
        ("metadata.gz.sig", b"sig"),
        ("checksums.yaml.gz", b"sums"),
        ("checksums.yaml.gz.sig", b"sig"),
    ]);
    assert_eq!(read_gem(file).unwrap().name, "banana");
}

#[test]
fn a_gem_of_many_members_is_refused() {
    let metadata = gzip(SPECIFICATION.as_bytes());
    let of = |fillers: usize| {
        let mut members = vec![("filler", &b"x"[..]); fillers];
        members.extend([("metadata.gz", &metadata[..]), ("data.tar.gz", b"data")]);
        read_gem(tar(&members))
    };
    assert_eq!(of(62).unwrap().name, "banana");
    assert_eq!(of(63).unwrap_err().field, "file");
}

#[test]
fn gems_without_exactly_one_metadata_are_refused() {
    let metadata = gzip(SPECIFICATION.as_bytes());
    let none = tar(&[("data.tar.gz", b"data")]);
    let two = tar(&[
        ("metadata.gz", &metadata),
        ("metadata.gz", &metadata),
        ("data.tar.gz", b""),
    ]);
    let plain = tar(&[
        ("metadata.gz", &metadata),
        ("metadata", b"--- {}"),
        ("data.tar.gz", b""),
    ]);
    for file in [none, two, plain] {
        assert_eq!(read_gem(file).unwrap_err().field, "metadata.gz");
    }
    let no_data = tar(&[("metadata.gz", &metadata)]);
    assert_eq!(read_gem(no_data).unwrap_err().field, "data.tar.gz");
}

#[test]
fn metadata_that_is_a_link_is_refused() {
    let mut builder = tar::Builder::new(Vec::new());
    append(&mut builder, "metadata.gz", b"", EntryType::Symlink);
    append(&mut builder, "data.tar.gz", b"", EntryType::Regular);
    let rejection = read_gem(builder.into_inner().unwrap()).unwrap_err();
    assert_eq!(
        rejection.message,
        "`metadata.gz` must be a plain file of that name; build the gem again."
    );
}

#[test]
fn metadata_hidden_by_long_names_is_refused() {
    let mut builder = tar::Builder::new(Vec::new());
    append(
        &mut builder,
        "././@LongLink",
        b"metadata.gz\0",
        EntryType::GNULongName,
    );
    append(
        &mut builder,
        "other",
        &gzip(SPECIFICATION.as_bytes()),
        EntryType::Regular,
    );
    let rejection = read_gem(builder.into_inner().unwrap()).unwrap_err();
    assert_eq!(rejection.field, "metadata.gz");
}

#[test]
fn gems_cut_off_anywhere_are_refused() {
    let whole = gem(SPECIFICATION);
    // The two blocks of zeros at the end may be missing, the contents not.
    for length in (0..whole.len() - 1536).step_by(97) {
        assert!(read_gem(whole[..length].to_vec()).is_err(), "{length}");
    }
}

#[test]
fn a_gzip_bomb_is_refused() {
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    let file = tar(&[("metadata.gz", &bomb), ("data.tar.gz", b"data")]);
    assert_eq!(
        read_gem(file).unwrap_err().message,
        "`metadata.gz` is larger than the 8388608 bytes that are read of it; build the package again with less in it."
    );
}
