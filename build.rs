//! Links the programs for one fixed address where Linux runs them.
//!
//! A program that may lie anywhere has all addresses in its tables written anew at each start, which took half of the
//! time to the function's first poll. The stack, the heap and the libraries still lie anywhere.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
