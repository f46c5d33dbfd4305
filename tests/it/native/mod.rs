//! Package managers' own protocols.

mod shell;
