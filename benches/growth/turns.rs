//! Times of a call in several worlds, taken in turns: a machine whose speed drifts is slow for all of them.

use std::time::{Duration, Instant};

use lambda_http::http::StatusCode;

use crate::world::{Get, World};

/// Median time of a call in each world, all of which answer it with this status.
pub(crate) async fn medians(rounds: usize, calls: &[(&World, Get)], status: u16) -> Vec<Duration> {
    let status = StatusCode::from_u16(status).expect("a status");
    let mut times = vec![Vec::new(); calls.len()];
    for round in 0..=rounds {
        for turn in 0..calls.len() {
            // Who is first finds everything else asleep: that is each of them in turns.
            let place = (round + turn) % calls.len();
            let (world, get) = &calls[place];
            let began = Instant::now();
            let answer = world.get(get).await;
            let time = began.elapsed();
            assert_eq!(answer.status(), status, "{get:?}");
            // The first round warms up.
            if round > 0 {
                times[place].push(time);
            }
        }
    }
    times.into_iter().map(median).collect()
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
