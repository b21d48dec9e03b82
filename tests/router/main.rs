//! The unmodified binary in a network of several hosts: an installation behind a router with a firewall and address
//! translation, a resolver inside, real servers in front, and an internet that `WorkOS` delivers from.
//!
//! It needs `ip` and `nft`, for some scenarios nginx and haproxy, and namespaces. What a machine lacks leaves the trials
//! ignored with the reason; `NETLAB_REQUIRED=1` makes that a failure.
#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

#[cfg(target_os = "linux")]
mod claims;
#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod delivery;
#[cfg(target_os = "linux")]
mod edge;
#[cfg(target_os = "linux")]
#[path = "../support/found.rs"]
mod found;
#[cfg(target_os = "linux")]
mod front;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod inside;
#[cfg(target_os = "linux")]
mod listening;
#[cfg(target_os = "linux")]
#[path = "../support/namespace.rs"]
mod namespace;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod plain;
#[cfg(target_os = "linux")]
mod probing;
#[cfg(target_os = "linux")]
mod taking_in;
#[cfg(target_os = "linux")]
mod trial;
#[cfg(target_os = "linux")]
#[path = "../support/trusting.rs"]
mod trusting;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    trial::main()
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn main() {}
