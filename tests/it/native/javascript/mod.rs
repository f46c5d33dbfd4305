//! npm's protocol.

mod access;
mod large;
mod pages;
mod publishing;
mod races;
mod removal;
mod search;
mod tags;
