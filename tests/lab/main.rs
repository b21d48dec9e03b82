//! The unmodified binary against real networks: each scenario has network and mount namespaces of its own, in which the
//! embedded `WorkOS` owns its real addresses and ports. There is no way out of them, and no test hook in the binary.
//!
//! Where the machine refuses namespaces the trials are ignored with the reason; `NETLAB_REQUIRED=1` makes that a failure.
#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

#[cfg(target_os = "linux")]
mod addresses;
#[cfg(target_os = "linux")]
mod claims;
#[cfg(target_os = "linux")]
mod cut;
#[cfg(target_os = "linux")]
#[path = "../support/found.rs"]
mod found;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod lab;
#[cfg(target_os = "linux")]
mod mending;
#[cfg(target_os = "linux")]
#[path = "../support/namespace.rs"]
mod namespace;
#[cfg(target_os = "linux")]
mod places;
#[cfg(target_os = "linux")]
#[path = "../support/planned.rs"]
mod planned;
#[cfg(target_os = "linux")]
mod play;
#[cfg(target_os = "linux")]
mod scenario;
#[cfg(target_os = "linux")]
mod scenarios;
#[cfg(target_os = "linux")]
mod screens;
#[cfg(target_os = "linux")]
mod siege;
#[cfg(target_os = "linux")]
mod stories;
#[cfg(target_os = "linux")]
#[path = "../support/trusting.rs"]
mod trusting;
#[cfg(target_os = "linux")]
mod undeclared;
#[cfg(target_os = "linux")]
mod words;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    lab::main()
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn main() {}
