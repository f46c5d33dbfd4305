//! `quick/Marshal.4.8/{full name}.gemspec.rz`: a `Gem::Specification` without its files, as its `_dump` writes it,
//! packed by zlib.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::marshal::Writer;
use super::platform::{Platform, RUBY};
use crate::formats::ruby::{Dependency, Facts};
use crate::records::Package;
use crate::time::rfc3339_seconds;

/// `Gem::Specification::CURRENT_SPECIFICATION_VERSION`, which has not changed since 2011.
const SPECIFICATION_VERSION: u32 = 4;
/// Level of compression, of 10.
const LEVEL: u8 = 6;
/// Length of a date in RFC 3339.
const DATE_LENGTH: usize = "2026-01-02".len();

/// The specification of a package, packed.
pub(super) fn packed(package: &Package, facts: &Facts) -> Vec<u8> {
    compress_to_vec_zlib(&specification(package, facts), LEVEL)
}

fn specification(package: &Package, facts: &Facts) -> Vec<u8> {
    let mut fields = Writer::document();
    fields.array(19);
    // The version of the RubyGems that made it is not among the facts.
    fields.text("");
    fields.integer(SPECIFICATION_VERSION);
    fields.text(&package.name);
    version(&mut fields, &package.version);
    let published = rfc3339_seconds(package.id.minted_at());
    fields.text(published.get(..DATE_LENGTH).unwrap_or_default());
    fields.optional_text(facts.summary.as_deref());
    requirement(&mut fields, &facts.required_ruby_version);
    requirement(&mut fields, &facts.required_rubygems_version);
    let platform = package.variant.as_deref().unwrap_or(RUBY);
    fields.text(platform);
    dependencies(&mut fields, facts);
    // `rubyforge_project`, then the e-mail address.
    fields.text("");
    fields.nil();
    fields.texts(facts.authors.iter().map(String::as_str));
    fields.optional_text(facts.description.as_deref());
    fields.optional_text(facts.homepage.as_deref());
    // `has_rdoc`
    fields.boolean(true);
    platform_object(&mut fields, platform);
    fields.texts(facts.licenses.iter().map(String::as_str));
    links(&mut fields, &facts.metadata);
    let mut specification = Writer::document();
    specification.dumped("Gem::Specification", &fields.into_bytes());
    specification.into_bytes()
}

/// A `Gem::Version`.
pub(super) fn version(writer: &mut Writer, version: &str) {
    writer.loaded("Gem::Version");
    writer.texts([version].into_iter());
}

/// A `Gem::Requirement`: an array of its pairs of operator and version, in an array.
fn requirement(writer: &mut Writer, requirement: &str) {
    let terms: Vec<_> = requirement
        .split(", ")
        .filter_map(|term| term.split_once(' '))
        .collect();
    let terms = if terms.is_empty() {
        vec![(">=", "0")]
    } else {
        terms
    };
    writer.loaded("Gem::Requirement");
    writer.array(1);
    writer.array(terms.len());
    for (operator, number) in terms {
        writer.array(2);
        writer.text(operator);
        version(writer, number);
    }
}

fn dependencies(writer: &mut Writer, facts: &Facts) {
    let of = |dependencies, kind| of_kind(dependencies, kind);
    let all =
        of(&facts.runtime_dependencies, "runtime").chain(of(&facts.development_dependencies, "development"));
    writer.array(facts.runtime_dependencies.len() + facts.development_dependencies.len());
    for (dependency, kind) in all {
        writer.object("Gem::Dependency", 4);
        writer.symbol("@name");
        writer.text(&dependency.name);
        writer.symbol("@requirement");
        requirement(writer, &dependency.requirement);
        writer.symbol("@type");
        writer.symbol(kind);
        writer.symbol("@prerelease");
        writer.boolean(false);
    }
}

/// The dependencies, each with its kind.
fn of_kind<'a>(
    dependencies: &'a [Dependency],
    kind: &'static str,
) -> impl Iterator<Item = (&'a Dependency, &'static str)> {
    dependencies.iter().map(move |dependency| (dependency, kind))
}

/// A `Gem::Platform`, or the text that stands for Ruby's own.
fn platform_object(writer: &mut Writer, platform: &str) {
    if platform == RUBY {
        writer.text(RUBY);
        return;
    }
    let Platform { cpu, os, version } = Platform::parse(platform);
    writer.object("Gem::Platform", 3);
    writer.symbol("@cpu");
    writer.optional_text(cpu);
    writer.symbol("@os");
    writer.text(os);
    writer.symbol("@version");
    writer.optional_text(version);
}

fn links(writer: &mut Writer, links: &BTreeMap<String, String>) {
    writer.hash(links.len());
    for (key, value) in links {
        writer.text(key);
        writer.text(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::ruby::fixtures::{facts, package};

    /// `Marshal.load` of Ruby gives the same specification; `.ci/clients/ruby` reads more of them.
    #[test]
    fn specifications_have_rubys_bytes() {
        let bytes = specification(&package("banana", "1.0.0", "x86_64-linux-musl"), &facts());
        let text: String = bytes
            .iter()
            .flat_map(|byte| byte.escape_ascii())
            .map(char::from)
            .collect();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn specifications_are_packed_by_zlib() {
        let package = package("banana", "1.0.0", "ruby");
        let mut unpacked = Vec::new();
        let packed = packed(&package, &facts());
        let mut decoder = flate2::read::ZlibDecoder::new(&packed[..]);
        std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
        assert_eq!(unpacked, specification(&package, &facts()));
    }
}
