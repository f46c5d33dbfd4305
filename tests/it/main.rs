//! The Packages API as its users meet it: real HTTP requests and real events, whole answers.

mod addresses;
mod admin;
mod copies;
mod downloads;
mod errors;
mod faults;
mod forms;
mod growth;
mod hostile_packages;
mod killed;
mod lists;
mod openapi;
mod package_urls;
mod packages;
mod permissions;
mod races;
mod read_only;
mod records;
mod round_trips;
mod runtime;
mod streamed;
mod support;
mod sweep;
mod symbols;
mod upload_faults;
mod uploads;
