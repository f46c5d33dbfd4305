//! Registries over REST.

mod access;
mod audit;
mod creation;
mod deletion;
mod policies;
mod reads;
mod reuse;
mod terraform;
mod updates;
