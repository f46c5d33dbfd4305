//! Modules as attackers make them.

use super::Family;
use super::deflate::gzip;
use super::tgz::{self, long_named, repeated};

const FILENAME: &str = "terraform-aws-network-1.0.0.tgz";

pub(crate) fn families() -> Vec<Family> {
    let own = |name, build| Family {
        name,
        ecosystem: "terraform",
        filename: FILENAME,
        build,
    };
    let mut families = tgz::families("terraform", FILENAME);
    families.extend([
        own("repeated names", repeated_names),
        own("distinct names", distinct_names),
    ]);
    families
}

/// One name of 4 kB, again and again.
fn repeated_names(size: usize) -> Vec<u8> {
    let path = format!("{}/x.tf", "d".repeat(4_000));
    repeated(&long_named(&path).repeat(100), size)
}

/// Names of 4 kB that only their ends tell apart.
fn distinct_names(size: usize) -> Vec<u8> {
    let names = (0..size / 64).map(|number| long_named(&format!("{}{number}.tf", "d".repeat(4_000))));
    let mut archive = Vec::new();
    for chunk in names.collect::<Vec<_>>().chunks(1_000) {
        archive.extend(gzip(&chunk.concat()));
        if archive.len() > size {
            break;
        }
    }
    archive
}
