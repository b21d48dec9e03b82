//! What the compiler knows of a build and the code cannot ask: the target that it is for, which `version` names.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-env=BUILT_FOR={}", std::env::var("TARGET").unwrap_or_else(|_| "unknown".to_owned()));
}
