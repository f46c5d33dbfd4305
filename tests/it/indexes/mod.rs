//! The engine of indexes, with a small renderer.

mod folds;
