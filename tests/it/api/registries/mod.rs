//! Registries over REST.

mod access;
mod audit;
mod creation;
mod deletion;
mod policies;
mod reads;
mod terraform;
mod updates;
