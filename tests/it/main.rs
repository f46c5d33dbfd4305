//! The Packages API as its users meet it: real HTTP requests, whole answers.

mod errors;
mod packages;
mod support;
