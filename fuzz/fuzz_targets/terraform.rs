//! Packages of `terraform`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read(
    "terraform",
    &["terraform-a-b-1.0.0.tgz"],
    file
));
