use std::io::Cursor;

use serde_json::json;
use tar::EntryType;

use super::*;
use crate::ecosystem::Ecosystem;
use crate::formats::containers::tarball::fixtures::{append, gzip, tar};
use crate::formats::manifest::{MAX_NAME_BYTES, Manifest, metadata};
use crate::formats::round_trip::read as read_package;

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
fn data_may_come_first_and_a_gem_may_be_signed() {
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
fn old_gems_with_aliases_and_no_type_have_runtime_dependencies() {
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
fn of_a_requirement_said_in_keys_of_several_ages_todays_counts() {
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
fn strings_that_are_not_utf8_do_no_harm_but_in_a_name() {
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
fn operators_may_have_the_mark_that_early_psych_gave_them() {
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
        "the package's name is longer than 255 bytes; change it and build the package again"
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
fn a_platform_is_plain_text_of_a_safe_alphabet() {
    let tagged = "platform: !ruby/object:Gem::Platform [x86, linux]";
    for platform in [tagged, "platform: ../x", "platform: a b", "platform: {a: b}"] {
        let rejection = rejected(&changed("platform: ruby", platform));
        assert_eq!(rejection.field, "platform", "{platform}");
    }
}

#[test]
fn requirements_and_dependencies_must_be_usable_in_an_index() {
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
fn a_gem_without_metadata_or_with_two_is_refused() {
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
        "`metadata.gz` must be a plain file of that name; build the gem again"
    );
}

#[test]
fn metadata_that_a_long_name_hides_from_rubygems_is_refused() {
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
fn a_gem_that_is_cut_off_is_refused_wherever_it_is_cut() {
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
        "`metadata.gz` is larger than the 8388608 bytes that are read of it; build the package again with less in it"
    );
}

#[test]
fn what_is_no_specification_is_refused() {
    for specification in ["", "- a", "just text", "<<: {name: a}", "a: ["] {
        assert_eq!(rejected(specification).field, "metadata.gz", "{specification}");
    }
    let latin1 = tar(&[("metadata.gz", &gzip(b"name: \xe9")), ("data.tar.gz", b"")]);
    assert_eq!(
        read_gem(latin1).unwrap_err().message,
        "`metadata.gz` is not usable YAML: it is not UTF-8; build the gem again with a current RubyGems"
    );
}
