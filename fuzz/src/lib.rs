//! The bodies of the fuzz targets: bytes are read as a package, within the bounds of all formats, or as an OIDC token
//! and a policy.

use std::io::Cursor;

use packages_api::Ecosystem;
use packages_api::formats::{self, MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};
use packages_api::oidc::Policy;
use packages_api::oidc::keys::KeySet;
use packages_api::oidc::policy::MAX_STATEMENTS;
use packages_api::oidc::token::{MAX_TOKEN_BYTES, UnverifiedToken};
use serde_json::Map;

/// Reads `file` under each of the names, since some readers depend on them.
///
/// # Panics
/// Where a reader panics, or returns a manifest beyond the bounds of all formats.
pub fn read(ecosystem: &str, filenames: &[&str], file: &[u8]) {
    let ecosystem: Ecosystem = ecosystem.parse().expect("a target is named after an ecosystem");
    for filename in filenames {
        let Ok(manifest) = formats::read(ecosystem, filename, &mut Cursor::new(file)) else {
            continue;
        };
        assert!((1..=MAX_NAME_BYTES).contains(&manifest.name.len()));
        assert!((1..=MAX_VERSION_BYTES).contains(&manifest.version.len()));
        assert!(manifest.variant.unwrap_or_default().len() <= MAX_VARIANT_BYTES);
    }
}

/// Reads `text` as a token, as a policy and as the keys of an issuer.
///
/// # Panics
/// Where a reader panics, or takes more than its bounds.
pub fn read_oidc(text: &str) {
    if let Ok(token) = UnverifiedToken::read(text) {
        assert!(text.len() <= MAX_TOKEN_BYTES);
        assert!(!token.issuer().is_empty() && !token.key_id().is_empty());
    }
    if let Ok(policy) = Policy::read(text) {
        // Of a token without claims, statements without rules alone match.
        let grant = policy.decide("https://issuer.example", &Map::new());
        assert!(grant.is_none_or(|grant| (1..=MAX_STATEMENTS).contains(&grant.statement)));
    }
    if let Ok(reduced) = KeySet::reduce(text.as_bytes()) {
        assert!(KeySet::read(reduced.as_bytes()).is_ok(), "{reduced}");
    }
}
