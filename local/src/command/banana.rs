//! `banana-1.0.0.gem`: a small real gem to try things with.
//!
//! A gem is a tar of `metadata.gz` (its specification as YAML), `data.tar.gz` (its files) and
//! `checksums.yaml.gz`. Every run makes the very same bytes, so that publishing it again is a
//! repetition and not a conflict.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use packages_api::Digest;

const SPECIFICATION: &str = r#"--- !ruby/object:Gem::Specification
name: banana
version: !ruby/object:Gem::Version
  version: 1.0.0
platform: ruby
authors:
- The Packages API
autorequire:
bindir: bin
cert_chain: []
date: 2024-01-01 00:00:00.000000000 Z
dependencies: []
description: A gem to publish, get and delete.
email:
executables: []
extensions: []
extra_rdoc_files: []
files:
- lib/banana.rb
homepage:
licenses:
- MIT
metadata: {}
post_install_message:
rdoc_options: []
require_paths:
- lib
required_ruby_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
required_rubygems_version: !ruby/object:Gem::Requirement
  requirements:
  - - ">="
    - !ruby/object:Gem::Version
      version: '0'
requirements: []
rubygems_version: 3.3.15
signing_key:
specification_version: 4
summary: A small gem to try a package registry with
test_files: []
"#;

const LIBRARY: &str = "# A gem to publish, get and delete.\nmodule Banana\n  VERSION = \"1.0.0\"\nend\n";

/// The gem's bytes.
pub(super) fn gem() -> io::Result<Vec<u8>> {
    let metadata = gzip(SPECIFICATION.as_bytes())?;
    let data = gzip(&tar(&[("lib/banana.rb", LIBRARY.as_bytes())])?)?;
    let checksums = gzip(checksums(&[("metadata.gz", &metadata), ("data.tar.gz", &data)]).as_bytes())?;
    tar(&[
        ("metadata.gz", &metadata),
        ("data.tar.gz", &data),
        ("checksums.yaml.gz", &checksums),
    ])
}

fn tar(files: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        archive.append_data(&mut header, name, *bytes)?;
    }
    archive.into_inner()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(bytes)?;
    writer.finish()
}

/// RubyGems' own list: of each algorithm every file's digest in hex.
fn checksums(files: &[(&str, &[u8])]) -> String {
    let mut sha256 = String::new();
    let mut sha512 = String::new();
    for (name, bytes) in files {
        // Writing to a String cannot fail.
        let _ = writeln!(sha256, "  {name}: {}", Digest::sha256(bytes));
        let _ = writeln!(sha512, "  {name}: {}", Digest::sha512(bytes));
    }
    format!("---\nSHA256:\n{sha256}SHA512:\n{sha512}")
}

#[cfg(test)]
mod tests {
    use packages_api::formats::{Ecosystem, read};

    use super::*;

    #[test]
    fn built_gem_is_a_valid_gem() {
        let gem = gem().unwrap();
        let manifest = read(Ecosystem::Ruby, "banana-1.0.0.gem", &mut io::Cursor::new(&gem)).unwrap();
        assert_eq!(
            (manifest.name.as_str(), manifest.version.as_str()),
            ("banana", "1.0.0")
        );
        assert_eq!(gem, super::gem().unwrap());
    }
}
