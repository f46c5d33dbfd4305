//! The body of every fuzz target: reads bytes as a package, and checks the bounds of all formats.

use std::io::Cursor;

use packages_api::Ecosystem;
use packages_api::formats::{self, MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};

/// Reads `file` under each of the names, since some readers depend on them.
///
/// # Panics
/// Where a reader panics, or returns a manifest beyond the bounds of all formats.
pub fn read(ecosystem: &str, filenames: &[&str], file: &[u8]) {
    let ecosystem: Ecosystem = ecosystem
        .parse()
        .expect("a target is named after an ecosystem");
    for filename in filenames {
        let Ok(manifest) = formats::read(ecosystem, filename, &mut Cursor::new(file)) else {
            continue;
        };
        assert!((1..=MAX_NAME_BYTES).contains(&manifest.name.len()));
        assert!((1..=MAX_VERSION_BYTES).contains(&manifest.version.len()));
        assert!(manifest.variant.unwrap_or_default().len() <= MAX_VARIANT_BYTES);
    }
}
