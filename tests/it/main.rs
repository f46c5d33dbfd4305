//! The Packages API as its users meet it: real HTTP requests and real events, whole answers.

mod errors;
mod packages;
mod runtime;
mod support;
