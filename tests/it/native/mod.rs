//! Package managers' own protocols.

mod ruby;
mod shell;
