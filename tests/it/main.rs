//! The Packages API as its users meet it: real HTTP requests and real events, whole answers.

mod copies;
mod downloads;
mod errors;
mod faults;
mod lists;
mod package_urls;
mod packages;
mod races;
mod round_trips;
mod runtime;
mod support;
mod upload_faults;
mod uploads;
