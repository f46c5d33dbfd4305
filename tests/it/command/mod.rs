//! The operator's commands.

mod admin;
mod history;
mod indexes;
mod packages;
