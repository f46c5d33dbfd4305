//! `cargo run`: the Packages API with everything embedded.

fn main() {}
