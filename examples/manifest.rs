//! Prints what a package file says of itself, as JSON: `manifest ruby banana-1.0.0.gem`.
//!
//! Compares well with what the native tools print, and shows why a file is refused.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use packages_api::formats::{self, Ecosystem, Manifest};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ecosystem, paths @ ..] = arguments.as_slice() else {
        eprintln!("usage: manifest ECOSYSTEM FILE…");
        return ExitCode::from(2);
    };
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        match manifest(ecosystem, Path::new(path)) {
            Ok(manifest) => println!("{}", json(manifest)),
            Err(error) => {
                eprintln!("{path}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn manifest(ecosystem: &str, path: &Path) -> Result<Manifest, Box<dyn std::error::Error>> {
    let ecosystem: Ecosystem = ecosystem.parse()?;
    let filename = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    Ok(formats::read(ecosystem, &filename, &mut file)?)
}

/// One line for each package, so that many can be read at once.
fn json(manifest: Manifest) -> serde_json::Value {
    let mut object = serde_json::Map::new();
    object.insert("name".into(), manifest.name.into());
    object.insert("normalized_name".into(), manifest.normalized_name.into());
    object.insert("version".into(), manifest.version.into());
    object.insert("normalized_version".into(), manifest.normalized_version.into());
    object.insert("variant".into(), manifest.variant.into());
    object.insert(
        "metadata".into(),
        serde_json::from_str(manifest.metadata.as_str()).expect("JSON"),
    );
    object.into()
}
