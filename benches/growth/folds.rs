//! The first read after a publish, which takes the package into the index.

use std::time::Instant;

use lambda_http::http::header::ACCEPT_ENCODING;

use crate::indexes::RUBY;
use crate::packages::{gem, name};
use crate::table::Table;
use crate::turns::{median, medians};
use crate::world::{Get, World};

const ROUNDS: usize = 15;

/// Publishes gems in turns, and reads `versions` after each.
pub(crate) async fn measure(table: &mut Table, worlds: &[World; 2], sizes: &[usize; 2]) {
    let get = Get::native(RUBY, "versions").with(ACCEPT_ENCODING, "gzip");
    let mut folds = [Vec::new(), Vec::new()];
    let mut publishes = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for place in 0..worlds.len() {
            let (world, middle) = (&worlds[place], sizes[place] / 2);
            let file = gem(&format!("{}-{round}", name(middle)));
            let began = Instant::now();
            world.publish(RUBY, &file).await;
            publishes[place].push(began.elapsed());
            let began = Instant::now();
            let answer = world.get(&get).await;
            folds[place].push(began.elapsed());
            assert_eq!(answer.status(), 200);
        }
    }
    table.times("publish of a gem", &publishes.map(median), None);
    let folds = folds.map(median);
    table.times("Ruby: versions after a publish", &folds, None);
    let calls = worlds.each_ref().map(|world| (world, get.clone()));
    let unchanged = medians(ROUNDS, &calls, 200).await;
    table.times("Ruby: versions once more", &unchanged, None);
}
