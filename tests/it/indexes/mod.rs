//! The engine of indexes, with a small renderer.

mod faults;
mod folds;
mod halves;
mod history;
mod large;
mod lost;
mod scans;
mod sweeps;
