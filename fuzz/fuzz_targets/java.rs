//! Packages of `java`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read("java", &["a-1.jar", "a.pom"], file));
