//! Packages of `files`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read("files", &["a-1.0.0.zip"], file));
