//! Package managers' own protocols.

mod javascript;
mod others;
mod links;
mod python;
mod refusals;
mod renewal;
mod ruby;
mod ruby_changes;
mod ruby_files;
mod ruby_accounts;
mod ruby_lists;
mod shell;
