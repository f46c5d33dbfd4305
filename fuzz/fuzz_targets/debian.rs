//! Packages of `debian`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read("debian", &["a.deb"], file));
