//! Rules of this repository that no compiler checks, read from its sources.

mod assumptions;
mod checks;
mod layers;
mod shape;
mod source;
