use std::io::Cursor;

use serde_json::json;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::tarball::fixtures::{gzip, tar};
use crate::formats::manifest::{MAX_NAME_BYTES, Manifest, metadata};
use crate::formats::round_trip::read as read_package;

mod archive;

const SPECIFICATION: &str = "\
--- !ruby/object:Gem::Specification
name: banana
version: !ruby/object:Gem::Version
  version: 1.0.0
platform: ruby
authors:
- Ada
bindir: bin
date: 2024-01-01 00:00:00.000000000 Z
dependencies:
- !ruby/object:Gem::Dependency
  name: rack
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - \">=\"
      - !ruby/object:Gem::Version
        version: '2.0'
    - - \"<\"
      - !ruby/object:Gem::Version
        version: '4'
  type: :runtime
  prerelease: false
  version_requirements: !ruby/object:Gem::Requirement
    requirements:
    - - \">=\"
      - !ruby/object:Gem::Version
        version: '2.0'
    - - \"<\"
      - !ruby/object:Gem::Version
        version: '4'
- !ruby/object:Gem::Dependency
  name: rake
  requirement: !ruby/object:Gem::Requirement
    requirements:
    - - \"~>\"
      - !ruby/object:Gem::Version
        version: '13.0'
  type: :development
description:
homepage: https://example.com
licenses:
- MIT
metadata:
  rubygems_mfa_required: 'true'
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: 2.3.0
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - \">=\"
    - !ruby/object:Gem::Version
      version: '0'
summary: Schält Bananen
";

fn gem(specification: &str) -> Vec<u8> {
    let metadata = gzip(specification.as_bytes());
    tar(&[("metadata.gz", &metadata), ("data.tar.gz", b"data")])
}

fn read_gem(file: Vec<u8>) -> Result<Manifest, Rejection> {
    read_package(Ecosystem::Ruby, "whatever.bin", &mut Cursor::new(file))
}

fn rejected(specification: &str) -> Rejection {
    read_gem(gem(specification)).unwrap_err()
}

/// The specification above with `from` exchanged for `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(SPECIFICATION.contains(from), "{from}");
    SPECIFICATION.replacen(from, to, 1)
}

#[test]
fn a_gem_says_all_that_an_index_needs() {
    let manifest = read_gem(gem(SPECIFICATION)).unwrap();
    let expected = json!({
        "summary": "Schält Bananen",
        "description": null,
        "homepage": "https://example.com",
        "authors": ["Ada"],
        "licenses": ["MIT"],
        "required_ruby_version": ">= 2.3.0",
        "required_rubygems_version": ">= 0",
        "runtime_dependencies": [{"name": "rack", "requirement": ">= 2.0, < 4"}],
        "development_dependencies": [{"name": "rake", "requirement": "~> 13.0"}],
        "extensions": [],
        "metadata": {"rubygems_mfa_required": "true"},
    });
    assert_eq!(
        manifest,
        Manifest {
            name: "banana".to_owned(),
            normalized_name: "banana".to_owned(),
            version: "1.0.0".to_owned(),
            normalized_version: "1.0.0".to_owned(),
            variant: Some("ruby".to_owned()),
            metadata: metadata(&expected).unwrap(),
        }
    );
}

#[test]
fn dependencies_without_type_are_runtime_dependencies() {
    let old = "\
--- !ruby/object:Gem::Specification
name: old
version: !ruby/object:Gem::Version
  hash: 23
  version: 0.1.0
platform: ruby
dependencies:
- !ruby/object:Gem::Dependency
  name: first
  version_requirement:
  version_requirements: &id001 !ruby/object:Gem::Requirement
    none: false
    requirements:
    - - !ruby/object:YAML::Syck::DefaultKey {}
      - !ruby/object:Gem::Version
        version: !binary |
          MS4wLjA=
  requirement: *id001
- !ruby/object:Gem::Dependency
  name: second
  version_requirements: *id001
";
    let manifest = read_gem(gem(old)).unwrap();
    assert_eq!(
        manifest.metadata.value()["runtime_dependencies"],
        json!([
            {"name": "first", "requirement": "= 1.0.0"},
            {"name": "second", "requirement": "= 1.0.0"},
        ])
    );
    assert_eq!(manifest.metadata.value()["required_ruby_version"], ">= 0");
}

/// `Gem::Dependency#requirement` asks in this order.
#[test]
fn newest_spelling_of_a_requirement_counts() {
    let current = |version: &str| format!("{{requirements: [['>=', {{version: '{version}'}}]]}}");
    let (today, earlier) = (current("1"), current("2"));
    for (keys, expected) in [
        (
            format!("version_requirements: {earlier}, requirement: {today}"),
            ">= 1",
        ),
        (
            format!("version_requirement: {{version: '3'}}, requirement: {today}"),
            ">= 1",
        ),
        (
            format!("version_requirement: {{version: '3'}}, version_requirements: {earlier}"),
            "= 3",
        ),
        (
            format!("version_requirement: ~, version_requirements: {earlier}"),
            ">= 2",
        ),
        (format!("version_requirements: {earlier}"), ">= 2"),
        ("prerelease: false".to_owned(), ">= 0"),
    ] {
        let specification = format!("name: a\nversion: '1'\ndependencies: [{{name: b, {keys}}}]\n");
        let manifest = read_gem(gem(&specification)).unwrap();
        assert_eq!(
            manifest.metadata.value()["runtime_dependencies"],
            json!([{"name": "b", "requirement": expected}]),
            "{keys}"
        );
    }
}

#[test]
fn non_utf8_strings_are_refused_in_names() {
    let specification = changed("- Ada", "- !binary UmVu6Q==\nfiles: [!binary 6S5yYg==]");
    let manifest = read_gem(gem(&specification)).unwrap();
    assert_eq!(manifest.metadata.value()["authors"], json!(["Ren\u{fffd}"]));
    let specification = changed("name: banana", "name: !binary UmVu6Q==");
    assert_eq!(rejected(&specification).field, "name");
}

#[test]
fn what_is_tagged_as_null_was_not_said() {
    let specification = changed("summary: Schält Bananen", "summary: !!null").replacen(
        "required_ruby_version: !ruby/object:Gem::Requirement",
        "required_ruby_version: !!null \nignored:",
        1,
    );
    let manifest = read_gem(gem(&specification)).unwrap();
    assert_eq!(manifest.metadata.value()["summary"], json!(null));
    assert_eq!(manifest.metadata.value()["required_ruby_version"], ">= 0");
}

#[test]
fn operators_may_have_early_psych_marks() {
    let specification = changed("\"~>\"", "! '~>'");
    let manifest = read_gem(gem(&specification)).unwrap();
    assert_eq!(
        manifest.metadata.value()["development_dependencies"],
        json!([{"name": "rake", "requirement": "~> 13.0"}])
    );
}

#[test]
fn prereleases_and_platforms_are_kept() {
    let specification = changed("version: 1.0.0", "version: 2.0.0.pre.1").replacen(
        "platform: ruby",
        "platform: x86_64-linux",
        1,
    );
    let manifest = read_gem(gem(&specification)).unwrap();
    assert_eq!(manifest.version, "2.0.0.pre.1");
    assert_eq!(manifest.variant.as_deref(), Some("x86_64-linux"));
}

#[test]
fn names_follow_the_rule_of_rubygems() {
    for name in [
        "../x",
        ".x",
        "-x",
        "_x",
        "a b",
        "123",
        "''",
        "~",
        "a/b",
        "[a]",
        "\"a\\0b\"",
    ] {
        let rejection = rejected(&changed("name: banana", &format!("name: {name}")));
        assert_eq!(rejection.field, "name", "{name}");
    }
    let longest = "a".repeat(MAX_NAME_BYTES);
    let manifest = read_gem(gem(&changed("banana", &longest))).unwrap();
    assert_eq!(manifest.name, longest);
    let rejection = rejected(&changed("banana", &"a".repeat(10_240)));
    assert_eq!(
        rejection.message,
        "The package's name is longer than 255 bytes; change it and build the package again."
    );
}

#[test]
fn versions_follow_the_pattern_of_rubygems() {
    for version in ["1..0", "a.b", "''", "1.0\\n", "../1", "1.0/2", "1.0-"] {
        let rejection = rejected(&changed("version: 1.0.0", &format!("version: {version}")));
        assert_eq!(rejection.field, "version", "{version}");
    }
}

#[test]
fn platform_objects_print_as_rubygems_prints_them() {
    for (parts, expected) in [
        ("cpu: x86\n  os: mswin32\n  version:", "x86-mswin32"),
        ("cpu: x86\n  os: mingw32\n  version: 60", "x86-mingw32-60"),
        ("cpu:\n  os: java\n  version:", "java"),
        (
            "cpu: universal\n  os: darwin\n  version: '20'",
            "universal-darwin-20",
        ),
    ] {
        let platform = format!("platform: !ruby/object:Gem::Platform\n  {parts}");
        let manifest = read_gem(gem(&changed("platform: ruby", &platform))).unwrap();
        assert_eq!(manifest.variant.as_deref(), Some(expected), "{parts}");
    }
}

#[test]
fn platform_objects_of_anything_but_text_are_refused() {
    for platform in [
        "!ruby/object:Gem::Platform {}",
        "!ruby/object:Gem::Platform x86",
        "!ruby/object:Gem::Platform {cpu: ../x, os: a}",
        "!ruby/object:Gem::Platform {cpu: [x], os: a}",
        "!ruby/object:Gem::Platform {cpu: !ruby/object:X a, os: a}",
        "!ruby/hash:Gem::Platform {cpu: x86, os: a}",
        "!ruby/object:Other {cpu: x86, os: a}",
        "{cpu: x86, os: a}",
    ] {
        let rejection = rejected(&changed("platform: ruby", &format!("platform: {platform}")));
        assert_eq!(rejection.field, "platform", "{platform}");
    }
}

#[test]
fn platforms_are_texts_of_a_safe_alphabet() {
    let tagged = "platform: !ruby/object:Gem::Platform [x86, linux]";
    for platform in [tagged, "platform: ../x", "platform: a b", "platform: {a: b}"] {
        let rejection = rejected(&changed("platform: ruby", platform));
        assert_eq!(rejection.field, "platform", "{platform}");
    }
}

#[test]
fn requirements_must_be_usable_in_an_index() {
    for (from, to, field) in [
        ("name: rack", "name: \"rack 1\\nevil\"", "dependencies"),
        ("version: '4'\n  type", "version: 'x'\n  type", "dependencies"),
        (
            "\">=\"\n    - !ruby/object:Gem::Version\n      version: 2.3.0",
            "\"=>\"\n    - 1",
            "required_ruby_version",
        ),
    ] {
        assert_eq!(rejected(&changed(from, to)).field, field);
    }
}

#[test]
fn what_is_no_specification_is_refused() {
    for specification in ["", "- a", "just text", "<<: {name: a}", "a: ["] {
        assert_eq!(rejected(specification).field, "metadata.gz", "{specification}");
    }
    let latin1 = tar(&[("metadata.gz", &gzip(b"name: \xe9")), ("data.tar.gz", b"")]);
    assert_eq!(
        read_gem(latin1).unwrap_err().message,
        "`metadata.gz` is not usable YAML: it is not UTF-8; build the gem again with a current RubyGems."
    );
}
