//! Outcomes of a publish.

use super::Package;
use crate::id::PackageId;
use crate::release::Reuse;

/// Outcome of a publish.
#[derive(Debug)]
pub(crate) enum Publication {
    /// The package is published.
    Published,
    /// The package is not published, and never will be under this id.
    Prevented {
        obstacle: Obstacle,
        /// Whether every attempt was answered: only then is the package's file certain to be
        /// nobody's. Else it is left to the sweep, a day later.
        answered: bool,
    },
}

/// Reason for which a package was not published.
#[derive(Debug)]
pub(crate) enum Obstacle {
    /// The release has been published before with the same bytes, as this package: that is as good.
    Repeated(Box<Package>),
    /// The publish has failed.
    Refusal(Refusal),
}

/// Reason for which a publish fails.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The release is held by other content, of this package.
    Taken(PackageId),
    /// The name of its file is that of this package's.
    FileTaken(PackageId),
    /// The release was deleted, and its registry does not let it be published again.
    Retired(Reuse),
    /// The registry has been deleted meanwhile; the release is held by a package of its successor.
    RegistryReplaced,
}
