//! RPM packages as attackers make them. Their versions are too long, so that each is refused, but
//! only when all of it has been read.

use super::{Family, TOO_LONG, Way, filled};

pub(crate) fn families() -> Vec<Family> {
    let ways: [Way; 8] = [
        ("one text of thirty tags", shared_text),
        ("a long text of another encoding", |size| {
            rpm(&[text(1005, &vec![0xff; size])])
        }),
        ("versions of libc", libc_versions),
        ("long versions of libc", long_libc_versions),
        ("requirements", requirements),
        ("files in a long folder", files),
        ("files in whole paths", old_files),
        ("tags", tags),
    ];
    let family = |(name, build)| Family {
        name,
        ecosystem: "redhat",
        filename: "fruit-1.rpm",
        build,
    };
    ways.map(family).into()
}

/// A tag, its type, how many values it has, and these.
type Tag = (u32, u32, usize, Vec<u8>);

fn text(tag: u32, bytes: &[u8]) -> Tag {
    (tag, 6, 1, [bytes, b"\0"].concat())
}

/// Texts that each end in a zero.
fn texts(tag: u32, bytes: Vec<u8>) -> Tag {
    let count = bytes.split(|byte| *byte == 0).count() - 1;
    (tag, 8, count, bytes)
}

fn zeros(tag: u32, count: usize) -> Tag {
    (tag, 4, count, vec![0; 4 * count])
}

/// A header of tags, each value behind the one before it.
fn header(tags: &[Tag]) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, kind, count, values) in tags {
        store.resize(store.len().next_multiple_of(4), 0);
        for number in [*tag as usize, *kind as usize, store.len(), *count] {
            index.extend(u32::try_from(number).expect("small").to_be_bytes());
        }
        store.extend(values);
    }
    framed(tags.len(), &index, &store)
}

fn framed(count: usize, index: &[u8], store: &[u8]) -> Vec<u8> {
    let sizes = [count, store.len()].map(|size| u32::try_from(size).expect("small").to_be_bytes());
    [
        b"\x8e\xad\xe8\x01\0\0\0\0",
        sizes.concat().as_slice(),
        index,
        store,
    ]
    .concat()
}

fn around(header: &[u8]) -> Vec<u8> {
    let mut lead = b"\xed\xab\xee\xdb".to_vec();
    lead.resize(96, 0);
    [&lead, &framed(0, b"", b""), header, b"payload"].concat()
}

fn rpm(more: &[Tag]) -> Vec<u8> {
    let named = [
        text(1000, b"fruit"),
        text(1001, TOO_LONG.as_bytes()),
        text(1002, b"1"),
        text(1022, b"noarch"),
    ];
    around(&header(&[&named, more].concat()))
}

/// Thirty tags whose values are the same bytes.
fn shared_text(size: usize) -> Vec<u8> {
    let store = [vec![0xff; size], vec![0]].concat();
    let entries = (1000..1030_u32).map(|tag| [tag, 6, 0, 1].map(u32::to_be_bytes).concat());
    around(&framed(30, &entries.collect::<Vec<_>>().concat(), &store))
}

fn required(names: Vec<u8>) -> Vec<u8> {
    let names = texts(1049, names);
    let count = names.2;
    rpm(&[names, zeros(1048, count), texts(1050, vec![0; count])])
}

/// One long version, and as many short ones as may be.
fn libc_versions(size: usize) -> Vec<u8> {
    let long = [b"libc.so.6(", &filled(b"9.", size / 2)[..], b"9)\0"].concat();
    let short = filled(b"libc.so.6(1)\0", (size / 4).min(45_000 * 13));
    required([long, short].concat())
}

/// Versions that only their ends tell apart.
fn long_libc_versions(size: usize) -> Vec<u8> {
    let common = "9.".repeat(2_000);
    let names = (0..size / 4_000).map(|number| format!("libc.so.6({common}{number})\0"));
    required(names.collect::<Vec<_>>().concat().into_bytes())
}

fn requirements(size: usize) -> Vec<u8> {
    let names = (0..(size / 20).min(49_000)).map(|number| format!("/etc/{number:08}\0"));
    required(names.collect::<Vec<_>>().concat().into_bytes())
}

fn files(size: usize) -> Vec<u8> {
    let count = (size / 12).min(199_000);
    let folder = [&[b'/'][..], &[b'd'; 4_000], b"/\0"].concat();
    let wanted = [&folder[..folder.len() - 1], b"bin/x\0"].concat();
    rpm(&[
        zeros(1030, count),
        zeros(1037, count),
        texts(1049, wanted),
        zeros(1048, 1),
        texts(1050, vec![0]),
        zeros(1116, count),
        texts(1117, filled(b"f\0", 2 * count)),
        texts(1118, folder),
    ])
}

fn old_files(size: usize) -> Vec<u8> {
    let count = (size / 100).min(19_000);
    let folder = "d".repeat(80);
    let names = (0..count).map(|number| format!("/{folder}{number}/f\0"));
    rpm(&[
        texts(1027, names.collect::<Vec<_>>().concat().into_bytes()),
        zeros(1030, count),
        zeros(1037, count),
    ])
}

fn tags(size: usize) -> Vec<u8> {
    let more: Vec<Tag> = (0..(size / 20).min(65_000))
        .map(|_| (9_999, 7, 1, vec![0]))
        .collect();
    rpm(&more)
}
