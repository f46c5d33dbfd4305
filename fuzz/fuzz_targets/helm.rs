//! Packages of `helm`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read("helm", &["a.tgz"], file));
