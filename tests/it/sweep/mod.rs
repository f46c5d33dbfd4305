//! The sweep: the objects and records that it removes, and the passes in which it looks for them.

mod kinds;
mod passes;
mod removals;
