//! Lists and gets in registries of a thousand packages and more.

use std::time::Instant;

use packages_api::PackageId;

use crate::copies::Copies;
use crate::file::File;
use crate::packages::name;
use crate::table::{Table, thousands};
use crate::turns::medians;
use crate::world::{Get, World};

const ROUNDS: usize = 300;
/// Names and gets are one record of a tree that has a level more where it is larger.
const MAX_RATIO: f64 = 1.2;
const REGISTRY: &str = "files";

/// A world with a registry of so many packages.
pub(crate) struct Sized {
    pub(crate) size: usize,
    pub(crate) world: World,
    /// Query of a page in its middle.
    middle: String,
    /// Id of a package in its middle.
    id: String,
}

pub(crate) async fn worlds(sizes: &[usize]) -> Vec<Sized> {
    let mut worlds = Vec::new();
    for size in sizes {
        let began = Instant::now();
        worlds.push(Sized::of(*size).await);
        println!("{} packages written in {:.1?}", thousands(*size), began.elapsed());
    }
    worlds
}

pub(crate) async fn are_within_bounds(worlds: &[Sized]) -> bool {
    let sizes: Vec<_> = worlds.iter().map(|world| world.size).collect();
    let mut table = Table::new("lists: packages", &sizes);
    for (what, query, count) in [
        ("first page of 30", None, 30),
        (
            "page of 30 in the middle",
            Some(Sized::middle as fn(&Sized) -> String),
            30,
        ),
        (
            "packages of one name",
            Some(|sized| format!("?name={}", name(sized.size / 3))),
            1,
        ),
        (
            "packages of a name nobody has",
            Some(|_| "?name=nothing".to_owned()),
            0,
        ),
    ] {
        let mut calls = Vec::new();
        for sized in worlds {
            let list = Get::packages(REGISTRY, &query.map(|query| query(sized)).unwrap_or_default());
            let body = sized.world.json(&list).await;
            assert_eq!(body["items"].as_array().map(Vec::len), Some(count), "{what}");
            calls.push((&sized.world, list));
        }
        table.times(what, &medians(ROUNDS, &calls, 200).await, Some(MAX_RATIO));
    }
    for (what, rest, status) in [("get by id", "", 200), ("download by id", "/download", 302)] {
        let calls = worlds.iter().map(|sized| {
            let get = Get::packages(REGISTRY, &format!("/{}{rest}", sized.id));
            (&sized.world, get)
        });
        let calls: Vec<_> = calls.collect();
        table.times(what, &medians(ROUNDS, &calls, status).await, Some(MAX_RATIO));
    }
    table.is_fine()
}

impl Sized {
    async fn of(size: usize) -> Self {
        let ids = |count| (0..count).map(|_| PackageId::mint()).collect::<Vec<_>>();
        let world = World::empty().await;
        let mut own_ids = ids(size / 2);
        let mut published = Vec::new();
        for number in 0..2 {
            let file = File::new(&format!("{}-1.0.0.txt", name(number)), "x");
            published.push(world.publish(REGISTRY, &file).await);
        }
        // The cursor of a page stays what it is, whatever is published before and after.
        let page = world.json(&Get::packages(REGISTRY, "?per_page=1")).await;
        let next = page["links"]["next"].as_str().expect("a second page");
        let cursor = next.rsplit("after=").next().expect("a cursor");
        let middle = format!("?after={cursor}");
        own_ids.extend(ids(size - 2 - own_ids.len()));
        let first = published.remove(0);
        let id = first.id.clone();
        let copies = Copies {
            of: first,
            text: name(0),
            each: own_ids.into_iter().zip((2..).map(name)).collect(),
        };
        Self {
            size,
            world: world.with_copies(vec![copies]).await,
            middle,
            id,
        }
    }

    fn middle(&self) -> String {
        self.middle.clone()
    }
}
