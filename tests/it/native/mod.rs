//! Package managers' own protocols.

mod ruby;
mod ruby_lists;
mod shell;
