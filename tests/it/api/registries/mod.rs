//! Registries over REST.

mod reads;
