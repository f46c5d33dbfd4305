//! The Packages API as its users meet it: real HTTP requests and real events, whole answers.

mod errors;
mod faults;
mod packages;
mod races;
mod round_trips;
mod runtime;
mod package_urls;
mod support;
mod upload_faults;
mod uploads;
