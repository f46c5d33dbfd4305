//! Tokens of jobs, policies and keys of issuers, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| packages_api_fuzz::read_oidc(text));
