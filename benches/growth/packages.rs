//! Packages of each ecosystem that are copied.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::file::File;
use crate::gem::{Gem, tar};
use crate::zip::zip;

/// The name of a package, as long as that of any other.
pub(crate) fn name(number: usize) -> String {
    format!("package{number:07}")
}

pub(crate) fn gem(name: &str) -> File {
    Gem::new(name, "1.0.0").build()
}

pub(crate) fn wheel(name: &str) -> File {
    let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\nRequires-Python: >=3.9\n");
    let about = "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let names = ["METADATA", "WHEEL", "RECORD"].map(|file| format!("{name}-1.0.0.dist-info/{file}"));
    let contents = [metadata.as_bytes(), about.as_bytes(), b""];
    let files = [0, 1, 2].map(|file| (&*names[file], contents[file]));
    File::new(&format!("{name}-1.0.0-py3-none-any.whl"), zip(&files))
}

pub(crate) fn tarball(name: &str, version: &str) -> File {
    let manifest = json!({
        "name": name,
        "version": version,
        "description": "A package that tells how the registry grows",
        "keywords": ["growth", "registry"],
        "license": "MIT",
        "main": "index.js",
        "dependencies": {"left-pad": "^1.3.0", "right-pad": "^1.0.0"},
        "engines": {"node": ">=18"},
        "repository": {"type": "git", "url": "git+https://git.example.com/growth.git"},
    });
    let tar = tar(&[("package/package.json", manifest.to_string().as_bytes())]);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar).expect("in memory");
    let bytes = encoder.finish().expect("in memory");
    File::new(&format!("{name}-{version}.tgz"), bytes)
}
