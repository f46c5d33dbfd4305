//! Packages of `NuGet` as attackers make them.

use super::zip::{self, Format, Zip};
use super::{Build, Family, filled, xml};

/// Bytes that are read of a nuspec.
const LARGEST: usize = 1024 * 1024;
const START: &str = "<package><metadata><id>Banana</id>";
const END: &str = "</metadata></package>";
/// A dependency without an id, which is refused after all the others were read.
const REFUSED: &str = "<dependencies><dependency/></dependencies>";

struct Nupkg;

impl Format for Nupkg {
    const ECOSYSTEM: &'static str = "nuget";
    const FILENAME: &'static str = "Banana.1.0.0.nupkg";
    const OPENED: &'static str = "Banana.nuspec";
}

pub(crate) fn families() -> Vec<Family> {
    let family = |(name, build)| Family {
        name,
        ecosystem: Nupkg::ECOSYSTEM,
        filename: Nupkg::FILENAME,
        build,
    };
    let of_xml: [Build; 12] = [
        nuspec::<0>,
        nuspec::<1>,
        nuspec::<2>,
        nuspec::<3>,
        nuspec::<4>,
        nuspec::<5>,
        nuspec::<6>,
        nuspec::<7>,
        nuspec::<8>,
        nuspec::<9>,
        nuspec::<10>,
        nuspec::<11>,
    ];
    let own: [(&'static str, Build); 4] = [
        ("dependencies", |size| {
            versioned(
                "<dependencies>",
                "<dependency id='b'/>",
                "<dependency/></dependencies>",
                size,
            )
        }),
        ("groups of dependencies", |size| {
            versioned("<dependencies>", "<group/>", "<dependency/></dependencies>", size)
        }),
        ("a long id", |size| {
            versioned("<id>", "a.", &format!("</id>{REFUSED}"), size)
        }),
        ("fields", fields),
    ];
    let mut families = zip::families::<Nupkg>();
    families.extend(xml::names().zip(of_xml).map(family));
    families.extend(own.map(family));
    families
}

fn packed(nuspec: &[u8]) -> Vec<u8> {
    Zip::default().file(Nupkg::OPENED.as_bytes(), nuspec).build()
}

/// A nuspec that is expensive in one way, and has no version.
fn nuspec<const WAY: usize>(size: usize) -> Vec<u8> {
    packed(&xml::document(WAY, START, END, size.min(LARGEST)))
}

/// A nuspec of `part` again and again.
fn versioned(before: &str, part: &str, after: &str, size: usize) -> Vec<u8> {
    let start = format!("{START}<version>1.0</version>{before}");
    let end = format!("{after}{END}");
    let parts = filled(part.as_bytes(), size.min(LARGEST) - start.len() - end.len());
    packed(&[start.as_bytes(), &parts, end.as_bytes()].concat())
}

/// Fields of as many names as fit.
fn fields(size: usize) -> Vec<u8> {
    let count = size.min(LARGEST - 1_000) / "<f12345>x</f12345>".len();
    let fields: Vec<_> = (0..count)
        .map(|number| format!("<f{number}>x</f{number}>"))
        .collect();
    let fields = fields.concat();
    packed(format!("{START}<version>1.0</version>{fields}{REFUSED}{END}").as_bytes())
}
