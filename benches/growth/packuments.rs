//! An npm package of three thousand versions: its document when it is read for the first time after a publish, and
//! later.

use std::time::{Duration, Instant};

use lambda_http::http::header::{ACCEPT, ACCEPT_ENCODING, ETAG, IF_NONE_MATCH};
use packages_api::PackageId;

use crate::copies::Copies;
use crate::packages::{name, tarball};
use crate::table::{columns, shown};
use crate::turns::median;
use crate::world::{Get, World};

const VERSIONS: usize = 3_000;
/// Packages of each form: the first document of each can be read once.
const NAMES: usize = 3;
const ROUNDS: usize = 10;
const REGISTRY: &str = "my-javascript";

pub(crate) async fn measure() {
    let names: Vec<_> = (0..2 * NAMES).map(name).collect();
    let world = world(&names).await;
    println!(
        "\n{:<38}{:>12}{:>12}{:>12}",
        "npm: document of 3,000 versions", "first", "later", "unchanged"
    );
    let (full, abbreviated) = names.split_at(NAMES);
    for (form, accept, names) in [
        ("full", "application/json", full),
        ("abbreviated", "application/vnd.npm.install-v1+json", abbreviated),
    ] {
        let (mut first, mut later, mut unchanged, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), [0, 0]);
        for name in names {
            let plain = Get::native(REGISTRY, &format!("npm/{name}")).with(ACCEPT, accept);
            let get = plain.clone().with(ACCEPT_ENCODING, "gzip");
            let (time, tag, _) = timed(&world, &get, 200).await;
            first.push(time);
            let known = get.clone().with(IF_NONE_MATCH, &tag);
            for _ in 0..ROUNDS {
                let (time, _, packed) = timed(&world, &get, 200).await;
                later.push(time);
                bytes[1] = packed;
                unchanged.push(timed(&world, &known, 304).await.0);
            }
            bytes[0] = timed(&world, &plain, 200).await.2;
        }
        let times = [first, later, unchanged].map(|times| shown(median(times)));
        let times = columns(&times);
        println!(
            "{form:<38}{times}    {} kB, in gzip {} kB",
            bytes[0] / 1000,
            bytes[1] / 1000
        );
    }
}

/// A world whose packages of these names have many versions each.
async fn world(names: &[String]) -> World {
    let world = World::empty().await;
    // As long as all others.
    let version = |number: usize| format!("1.0.{}", 1000 + number);
    let mut copies = Vec::new();
    for name in names {
        let of = world.publish(REGISTRY, &tarball(name, &version(0))).await;
        let new = (1..VERSIONS).map(|number| (PackageId::mint(), version(number)));
        copies.push(Copies {
            of,
            text: version(0),
            each: new.collect(),
        });
    }
    world.with_copies(copies).await
}

/// Time, tag and bytes of an answer.
async fn timed(world: &World, get: &Get, status: u16) -> (Duration, String, usize) {
    let began = Instant::now();
    let answer = world.get(get).await;
    let time = began.elapsed();
    assert_eq!(answer.status(), status, "{get:?}");
    let tag = answer.headers()[ETAG].to_str().expect("a text").to_owned();
    (time, tag, answer.body().len())
}
