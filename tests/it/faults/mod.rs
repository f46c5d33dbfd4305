//! Faults of AWS and of the network, at every step of every call.

mod calls;
mod copies;
mod disk;
mod killed;
mod late;
mod records;
mod registries;
mod tags;
mod tokens;
mod uploads;
