//! Gems, as `gem build` makes them and as it never would.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::file::File;

/// A gem to be.
#[derive(Debug, Clone)]
pub(crate) struct Gem {
    name: String,
    version: String,
    platform: String,
    summary: String,
    members: Vec<(String, Vec<u8>)>,
}

impl Gem {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            platform: "ruby".to_owned(),
            summary: format!("The gem {name}"),
            members: Vec::new(),
        }
    }

    /// The gem of the documentation.
    pub(crate) fn banana() -> Self {
        Self::new("banana", "1.0.0")
    }

    pub(crate) fn platform(mut self, platform: &str) -> Self {
        platform.clone_into(&mut self.platform);
        self
    }

    pub(crate) fn summary(mut self, summary: &str) -> Self {
        summary.clone_into(&mut self.summary);
        self
    }

    /// One more member of the archive, such as code of its own: the bytes are other bytes then.
    pub(crate) fn member(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.members.push((path.to_owned(), content.into()));
        self
    }

    /// The file, under the name that `gem build` gives it.
    pub(crate) fn build(&self) -> File {
        let platform = match self.platform.as_str() {
            "ruby" => String::new(),
            platform => format!("-{platform}"),
        };
        let name = format!("{}-{}{platform}.gem", self.name, self.version);
        let metadata = gzip(self.specification().as_bytes());
        let data = gzip(&tar(&[("lib/code.rb", b"# nothing\n")]));
        let mut members = vec![("metadata.gz", &metadata[..]), ("data.tar.gz", &data[..])];
        members.extend(
            self.members
                .iter()
                .map(|(path, content)| (path.as_str(), &content[..])),
        );
        File::new(&name, tar(&members))
    }

    /// `metadata.gz`, unpacked.
    pub(crate) fn specification(&self) -> String {
        let Self {
            name,
            version,
            platform,
            summary,
            ..
        } = self;
        format!(
            "--- !ruby/object:Gem::Specification\n\
             name: {name}\n\
             version: !ruby/object:Gem::Version\n  version: {version}\n\
             platform: {platform}\n\
             authors:\n- Ada\n\
             dependencies:\n\
             - !ruby/object:Gem::Dependency\n  name: rack\n  requirement: !ruby/object:Gem::Requirement\n    \
             requirements:\n    - - \">=\"\n      - !ruby/object:Gem::Version\n        version: '2.0'\n  \
             type: :runtime\n  prerelease: false\n\
             licenses:\n- MIT\n\
             required_ruby_version: !ruby/object:Gem::Requirement\n  \
             requirements:\n  - - \">=\"\n    - !ruby/object:Gem::Version\n      version: 2.7.0\n\
             summary: {summary}\n"
        )
    }
}

/// Stored rather than deflated: the bytes, and so the digests, never depend on a compressor.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

pub(crate) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_path(path).expect("a short path");
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *content).expect("in memory");
    }
    builder.into_inner().expect("in memory")
}
