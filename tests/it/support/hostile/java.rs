//! Maven's archives and POMs as attackers make them.

use super::zip::{self, Format, Zip};
use super::{Build, Family, filled, xml};

/// Bytes that are read of a POM or of properties.
const LARGEST: usize = 2 * 1024 * 1024;
/// Files of that size that are read of one archive.
const READ: usize = 4;

struct Jar;

impl Format for Jar {
    const ECOSYSTEM: &'static str = "java";
    const FILENAME: &'static str = "banana-1.0.jar";
    const OPENED: &'static str = "META-INF/maven/org.example/banana/pom.properties";
}

pub(crate) fn families() -> Vec<Family> {
    let family = |filename| {
        move |(name, build)| Family {
            name,
            ecosystem: Jar::ECOSYSTEM,
            filename,
            build,
        }
    };
    let of_xml: [Build; 12] = [
        poms::<0>, poms::<1>, poms::<2>, poms::<3>, poms::<4>, poms::<5>, poms::<6>, poms::<7>, poms::<8>,
        poms::<9>, poms::<10>, poms::<11>,
    ];
    let own: [(&'static str, Build); 8] = [
        ("folders", folders),
        ("folders with long names", long_folders),
        ("lines of properties", |size| properties(b"a\n", size)),
        ("a key of properties", |size| properties(b"a", size)),
        ("escapes in properties", |size| properties(b"\\u0061", size)),
        ("continued lines of properties", |size| properties(b"\\\n ", size)),
        ("comments in properties", |size| properties(b"#\\\n", size)),
        ("one key of properties again and again", |size| {
            properties(b"groupId=g\nartifactId=banana\n", size)
        }),
    ];
    let alone: [(&'static str, Build); 4] = [
        ("dependencies", |size| {
            pom("<dependencies>", "<dependency/>", "</dependencies>", size)
        }),
        ("declarations of a document type", |size| {
            document_type("<!ENTITY a \"b\">", size)
        }),
        ("brackets in a document type", |size| document_type("<![", size)),
        ("an encoding that makes three bytes of one", |size| {
            let declared = "<?xml version='1.0' encoding='windows-874'?>";
            let start = [declared.as_bytes(), b"<project><name>"].concat();
            bounded(&start, &[0xa1], size)
        }),
    ];
    let mut families = zip::families::<Jar>();
    families.extend(xml::names().zip(of_xml).map(family(Jar::FILENAME)));
    families.extend(own.map(family(Jar::FILENAME)));
    families.extend(alone.map(family("banana-1.0.pom")));
    families
}

/// `start`, then `part` again and again, as much as is read.
fn bounded(start: &[u8], part: &[u8], size: usize) -> Vec<u8> {
    let rest = size.min(LARGEST).saturating_sub(start.len());
    [start, &filled(part, rest)].concat()
}

/// An archive of POMs that are expensive in one way, and none of them the archive's own.
fn poms<const WAY: usize>(size: usize) -> Vec<u8> {
    let size = (size / READ).min(LARGEST);
    let pom = xml::document(
        WAY,
        "<project><artifactId>banana</artifactId>",
        "</project>",
        size,
    );
    swallowed("pom.xml", &pom)
}

/// An archive of properties that are expensive in one way.
fn properties(part: &[u8], size: usize) -> Vec<u8> {
    swallowed("pom.properties", &bounded(b"", part, size / READ))
}

fn swallowed(file: &str, contents: &[u8]) -> Vec<u8> {
    let zip = (0..READ).fold(Zip::default(), |zip, number| {
        zip.file(format!("META-INF/maven/g/a{number}/{file}").as_bytes(), contents)
    });
    zip.build()
}

/// As many folders as are looked at.
fn folders(size: usize) -> Vec<u8> {
    let count = (size / 300).min(1_000);
    let zip = (0..count).fold(Zip::default(), |zip, number| {
        zip.file(
            format!("META-INF/maven/g/a{number}/pom.properties").as_bytes(),
            b"groupId=g\n",
        )
    });
    zip.build()
}

/// Names of 60 kB that only their ends tell apart.
fn long_folders(size: usize) -> Vec<u8> {
    let long = "x".repeat(60_000);
    let count = (size / 120_000).min(1_000);
    let zip = (0..count).fold(Zip::default(), |zip, number| {
        zip.file(
            format!("META-INF/maven/{long}/a{number}/pom.properties").as_bytes(),
            b"groupId=g\n",
        )
    });
    zip.build()
}

fn pom(before: &str, part: &str, after: &str, size: usize) -> Vec<u8> {
    let ends = ["<project>", before, after, "</project>"].map(str::len);
    let rest = size.min(LARGEST) - ends.iter().sum::<usize>();
    let parts = filled(part.as_bytes(), rest);
    [
        b"<project>",
        before.as_bytes(),
        &parts,
        after.as_bytes(),
        b"</project>",
    ]
    .concat()
}

fn document_type(part: &str, size: usize) -> Vec<u8> {
    let before = "<!DOCTYPE project [";
    let after = "]><project/>";
    let rest = size.min(LARGEST) - before.len() - after.len();
    let parts = filled(part.as_bytes(), rest);
    [before.as_bytes(), &parts, after.as_bytes()].concat()
}
