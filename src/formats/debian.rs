//! `debian`: a binary package, an ar archive of `debian-binary`, `control.tar` and `data.tar`
//! (`deb(5)`). Its metadata is the file `control` (`deb-control(5)`).

use std::io::Seek;

use md5::Md5;
use sha1::Sha1;
use sha2::Sha256;

pub(crate) use self::facts::Facts;
use self::version::is_version;
use crate::ecosystem::Ecosystem;
use crate::formats::format::{Container, Format};
use crate::formats::manifest::{Manifest, Rejection, metadata};
use crate::formats::source::bounded::unreadable;
use crate::formats::source::budget::Metered;
use crate::formats::source::hashing::Hashing;
use crate::formats::texts::alphabet::is_word;
use crate::formats::texts::deb822::Paragraph;

mod archive;
mod facts;
mod fields;
mod relations;
mod version;

pub(super) const FORMAT: Format = Format {
    ecosystem: Ecosystem::Debian,
    holds: "Debian packages (`.deb`)",
    containers: &[Container::Ar],
    read,
};

fn read(_filename: &str, source: &mut Metered<'_>) -> Result<Manifest, Rejection> {
    let control = archive::control(source)?;
    let control = Paragraph::read(&control).map_err(|why| wrong(&why))?;
    let name = field(&control, "Package", "`bash`, `libc6-dev`", is_name)?;
    let version = field(&control, "Version", "`1.2-3`, `1:2.0~rc1-1`", is_version)?;
    let architecture = field(&control, "Architecture", "`amd64`, `all`", is_architecture)?;
    fields::check(&control)?;
    Ok(Manifest {
        normalized_name: name.to_ascii_lowercase(),
        normalized_version: version::normalized(&version),
        name,
        version,
        variant: Some(architecture),
        metadata: metadata(&facts(control, source)?)?,
    })
}

fn facts(control: Paragraph, source: &mut Metered<'_>) -> Result<Facts, Rejection> {
    let unreadable = unreadable("file");
    source.rewind().map_err(&unreadable)?;
    let hashing: Hashing<_, Md5> = Hashing::new(source);
    let hashing: Hashing<_, Sha1> = Hashing::new(hashing);
    let hashing: Hashing<_, Sha256> = Hashing::new(hashing);
    let (hashing, sha256, size) = hashing.finish().map_err(&unreadable)?;
    let (hashing, sha1, _) = hashing.finish().map_err(&unreadable)?;
    let (_, md5, _) = hashing.finish().map_err(&unreadable)?;
    Ok(Facts {
        control: control.fields,
        size,
        md5sum: hex::encode(&md5),
        sha1: hex::encode(&sha1),
        sha256: hex::encode(&sha256),
    })
}

fn field(
    control: &Paragraph,
    name: &'static str,
    examples: &str,
    is_valid: fn(&str) -> bool,
) -> Result<String, Rejection> {
    let value = control.get(name).filter(|value| is_valid(value));
    value.map(str::to_owned).ok_or_else(|| {
        let message = format!("The control file's `{name}` must be a value such as {examples}; correct it and build the package again.");
        Rejection::new(name, message)
    })
}

/// `pkg_name_is_illegal` of dpkg.
fn is_name(name: &str) -> bool {
    is_word(name, b"-+._")
}

fn is_architecture(architecture: &str) -> bool {
    is_word(architecture, b"-")
}

fn wrong(why: &str) -> Rejection {
    Rejection::new("control", format!("`control` is not usable: {why}."))
}

#[cfg(test)]
mod tests;
