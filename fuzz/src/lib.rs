//! What every fuzz target does: read bytes as a package, and insist on what holds for all of them.

use std::io::Cursor;

use packages_api::formats::{self, Ecosystem, MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};

/// Reads `file` under each of the names, as some readers look at them.
///
/// # Panics
/// Where a reader panics, or lets pass what is beyond the bounds of every format.
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
