//! Requests that arrive late: held on their way while their sender gave up and sent them again.

mod admin;
mod fences;
mod registries;
mod tags;
mod upkeep;
mod writes;
