//! Growth: how the time of a call depends on the number of packages, measured in turns between small and large
//! registries in one run.
//!
//! `cargo bench --bench growth -- PART` measures one of the parts `lists`, `sweep`, `indexes` and `packuments` alone.
//! `PACKAGES=1000000` adds registries of that size to lists and sweep; a smaller number leaves larger ones out.
//!
//! Exits with 1 where a ratio is exceeded.

use std::process::ExitCode;

mod copies;
#[path = "../../tests/it/support/file.rs"]
mod file;
mod folds;
#[path = "../../tests/it/support/gem.rs"]
#[expect(dead_code, reason = "the tests need more kinds of gems")]
mod gem;
mod indexes;
mod lists;
mod packages;
mod packuments;
#[path = "../../tests/it/support/seed.rs"]
mod seed;
mod sweep;
mod table;
mod turns;
mod world;
#[path = "../../tests/it/support/zip.rs"]
mod zip;

/// Sizes of registries, where nobody wants others.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PARTS: [&str; 4] = ["lists", "sweep", "indexes", "packuments"];

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.find(|argument| !argument.starts_with('-'));
    if let Some(part) = part.as_deref().filter(|part| !PARTS.contains(part)) {
        eprintln!("`{part}` is not a part. Name one of these: {}.", PARTS.join(", "));
        return ExitCode::FAILURE;
    }
    let is_wanted = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let mut fine = true;
    if is_wanted("lists") || is_wanted("sweep") {
        let worlds = lists::worlds(&sizes()).await;
        if is_wanted("lists") {
            fine &= lists::are_within_bounds(&worlds).await;
        }
        if is_wanted("sweep") {
            fine &= sweep::is_within_bounds(&worlds).await;
        }
    }
    if is_wanted("indexes") {
        fine &= indexes::are_within_bounds(largest().unwrap_or(100_000).min(100_000)).await;
    }
    if is_wanted("packuments") {
        packuments::measure().await;
    }
    if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn sizes() -> Vec<usize> {
    let Some(largest) = largest() else {
        return SIZES.to_vec();
    };
    let mut sizes: Vec<_> = SIZES.into_iter().filter(|size| *size < largest).collect();
    sizes.push(largest);
    sizes
}

/// The largest size, where `PACKAGES` has one.
fn largest() -> Option<usize> {
    let packages = std::env::var("PACKAGES").ok();
    packages.map(|packages| packages.parse().expect("PACKAGES is a number"))
}
