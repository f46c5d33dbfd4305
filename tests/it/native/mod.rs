//! Package managers' own protocols.

mod at_once;
mod javascript;
mod links;
mod others;
mod python;
mod refusals;
mod renewal;
mod ruby;
mod ruby_accounts;
mod ruby_changes;
mod ruby_files;
mod ruby_lists;
mod shell;
