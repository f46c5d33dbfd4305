//! npm's protocol.

mod access;
mod large;
mod pages;
mod publishing;
mod removal;
mod tags;
mod search;
