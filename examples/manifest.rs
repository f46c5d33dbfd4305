//! Prints what a package file says of itself, as JSON: `manifest ruby banana-1.0.0.gem`.
//!
//! Compares well with what the native tools print, and shows why a file is refused.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use packages_api::formats::{self, Ecosystem, Manifest};
use serde::Serialize;
use serde_json::value::RawValue;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ecosystem, paths @ ..] = arguments.as_slice() else {
        eprintln!("usage: manifest ECOSYSTEM FILE…");
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        match line(ecosystem, Path::new(path)) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("{path}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn line(ecosystem: &str, path: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let ecosystem: Ecosystem = ecosystem.parse()?;
    let filename = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    Ok(json(&formats::read(ecosystem, &filename, &mut file)?)?)
}

/// One line for each package, so that many can be read at once. The metadata is as it is kept.
fn json(manifest: &Manifest) -> serde_json::Result<String> {
    serde_json::to_string(&Line {
        name: &manifest.name,
        normalized_name: &manifest.normalized_name,
        version: &manifest.version,
        normalized_version: &manifest.normalized_version,
        variant: manifest.variant.as_deref(),
        metadata: serde_json::from_str(manifest.metadata.as_str())?,
    })
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    normalized_name: &'a str,
    version: &'a str,
    normalized_version: &'a str,
    variant: Option<&'a str>,
    metadata: &'a RawValue,
}
