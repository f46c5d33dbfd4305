//! Package managers' documents in a registry of a hundred names and in one of a hundred thousand.

use std::time::Instant;

use lambda_http::http::header::{ACCEPT, ACCEPT_ENCODING, ETAG, IF_NONE_MATCH, RANGE};
use packages_api::PackageId;

use crate::copies::Copies;
use crate::folds;
use crate::packages::{gem, name, tarball, wheel};
use crate::table::{Table, ratio, thousands};
use crate::turns::medians;
use crate::world::{Get, World};

const FEW: usize = 100;
const ROUNDS: usize = 200;
/// Rounds of what takes as long as the registry is large.
const LONG_ROUNDS: usize = 15;
/// Documents of one name, and any that the client has already: they do not grow.
const MAX_RATIO: f64 = 1.2;

pub(crate) const RUBY: &str = "my-registry";
const PYTHON: &str = "my-python";
const JAVASCRIPT: &str = "my-javascript";
const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";
const PAGE: &str = "application/vnd.pypi.simple.v1+json";

pub(crate) async fn are_within_bounds(many: usize) -> bool {
    let sizes = [FEW, many];
    let worlds = [world(FEW).await, world(many).await];
    let mut table = Table::new("indexes: names in each registry", &sizes);
    first_reads(&mut table, &worlds, &sizes).await;
    for (what, status, get) in of_one_name() {
        let calls = [0, 1].map(|place| (&worlds[place], get(&name(sizes[place] / 2))));
        let times = medians(ROUNDS, &calls, status).await;
        table.times(what, &times, Some(MAX_RATIO));
    }
    for (what, get) in of_all_names() {
        unchanged(&mut table, &worlds, what, &get).await;
    }
    for (what, get) in of_all_names() {
        whole(&mut table, &worlds, what, &get).await;
    }
    let search = |size: usize| Get::native(JAVASCRIPT, &format!("npm/-/v1/search?text={}", name(size / 2)));
    let calls = [0, 1].map(|place| (&worlds[place], search(sizes[place])));
    let times = medians(LONG_ROUNDS, &calls, 200).await;
    table.times("npm search for one name", &times, None);
    folds::measure(&mut table, &worlds, &sizes).await;
    table.is_fine()
}

/// A world whose three registries have so many names, with a package each.
async fn world(names: usize) -> World {
    let began = Instant::now();
    let world = World::empty().await;
    let first = name(0);
    let mut copies = Vec::new();
    for (registry, file) in [
        (RUBY, gem(&first)),
        (PYTHON, wheel(&first)),
        (JAVASCRIPT, tarball(&first, "1.0.0")),
    ] {
        let of = world.publish(registry, &file).await;
        let text = first.clone();
        let new = (1..names).map(|number| (PackageId::mint(), name(number)));
        copies.push(Copies {
            of,
            text,
            each: new.collect(),
        });
    }
    let world = world.with_copies(copies).await;
    println!(
        "3 × {} names written in {:.1?}",
        thousands(names),
        began.elapsed()
    );
    world
}

/// Reads an index of each ecosystem for the first time, which builds it.
async fn first_reads(table: &mut Table, worlds: &[World; 2], sizes: &[usize; 2]) {
    for (what, get) in [
        ("Ruby: first read, which builds", Get::native(RUBY, "names")),
        ("Python: first read", Get::native(PYTHON, "pypi/simple/")),
        (
            "npm: first search",
            Get::native(JAVASCRIPT, "npm/-/v1/search?text="),
        ),
    ] {
        let mut times = Vec::new();
        for world in worlds {
            let began = Instant::now();
            let answer = world.get(&get).await;
            times.push(began.elapsed());
            assert_eq!(answer.status(), 200, "{get:?}");
        }
        table.times(what, &times, None);
    }
    // A package that is left out would be a package for nothing.
    for (world, size) in worlds.iter().zip(sizes) {
        let names = world.get(&Get::native(RUBY, "names")).await;
        let text = std::str::from_utf8(names.body()).expect("a text");
        assert_eq!(text.lines().count(), size + 1, "names and a head");
    }
}

type OfName = fn(&str) -> Get;

fn of_one_name() -> [(&'static str, u16, OfName); 6] {
    [
        ("Ruby: info/{name}", 200, |name| {
            Get::native(RUBY, &format!("info/{name}"))
        }),
        ("Ruby: gems/{file}", 302, |name| {
            Get::native(RUBY, &format!("gems/{name}-1.0.0.gem"))
        }),
        ("Ruby: quick/…gemspec.rz", 200, |name| {
            let file = format!("quick/Marshal.4.8/{name}-1.0.0.gemspec.rz");
            Get::native(RUBY, &file)
        }),
        ("Python: simple/{name}/", 200, |name| {
            Get::native(PYTHON, &format!("pypi/simple/{name}/")).with(ACCEPT, PAGE)
        }),
        ("npm: abbreviated document", 200, |name| {
            Get::native(JAVASCRIPT, &format!("npm/{name}")).with(ACCEPT, ABBREVIATED)
        }),
        ("npm: full document", 200, |name| {
            Get::native(JAVASCRIPT, &format!("npm/{name}"))
        }),
    ]
}

/// Documents of a whole registry, in gzip as clients take them.
fn of_all_names() -> [(&'static str, Get); 5] {
    let packed = |registry, path| Get::native(registry, path).with(ACCEPT_ENCODING, "gzip");
    [
        ("Ruby: versions", packed(RUBY, "versions")),
        // As Bundler asks for it that has a copy: for what follows in it.
        ("Ruby: versions in plain text", Get::native(RUBY, "versions")),
        ("Ruby: specs.4.8.gz", packed(RUBY, "specs.4.8.gz")),
        (
            "Python: simple/, JSON",
            packed(PYTHON, "pypi/simple/").with(ACCEPT, PAGE),
        ),
        ("Python: simple/, HTML", packed(PYTHON, "pypi/simple/")),
    ]
}

/// Measures an index that the client holds already.
async fn unchanged(table: &mut Table, worlds: &[World; 2], what: &str, get: &Get) {
    let mut calls = Vec::new();
    for world in worlds {
        let first = world.get(get).await;
        let tag = first.headers()[ETAG].to_str().expect("a text");
        let mut known = get.clone().with(IF_NONE_MATCH, tag);
        if !get.headers.contains_key(ACCEPT_ENCODING) {
            let last = first.body().len() - 1;
            known = known.with(RANGE, &format!("bytes={last}-"));
        }
        calls.push((world, known));
    }
    let times = medians(ROUNDS, &calls, 304).await;
    table.times(&format!("{what}, unchanged"), &times, Some(MAX_RATIO));
}

/// Measures the whole of an index: as its bytes.
async fn whole(table: &mut Table, worlds: &[World; 2], what: &str, get: &Get) {
    let calls = worlds.each_ref().map(|world| (world, get.clone()));
    let times = medians(LONG_ROUNDS, &calls, 200).await;
    table.times(&format!("{what}, whole"), &times, None);
    let mut bytes = Vec::new();
    for world in worlds {
        let length = world.get(get).await.body().len();
        bytes.push(f64::from(u32::try_from(length).expect("a body")));
    }
    let rate = bytes[1] / 1e6 / times[1].as_secs_f64();
    let texts: Vec<_> = bytes
        .iter()
        .map(|bytes| format!("{:.1} kB", bytes / 1e3))
        .collect();
    table.row(
        &format!("  its bytes, at {rate:.0} MB/s"),
        &texts,
        ratio(&bytes),
        None,
    );
}
