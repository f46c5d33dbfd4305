//! The function's binary, fed events as Lambda does.

mod runtime;
mod streamed;
