//! The function's binary, fed events as Lambda does.

mod events;
mod fixture;
mod front_doors;
mod lifecycle;
mod log;
mod native;
mod overtime;
mod streamed;
mod sweep;
mod text_bodies;
