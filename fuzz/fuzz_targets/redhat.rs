//! Packages of `redhat`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read("redhat", &["a.rpm"], file));
