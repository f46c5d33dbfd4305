//! Packages of `python`, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|file: &[u8]| packages_api_fuzz::read(
    "python",
    &["a-1-py3-none-any.whl", "a-1.tar.gz", "a-1.zip"],
    file
));
