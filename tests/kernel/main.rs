//! The kernel is asked: rules are loaded where nothing else is, exported by their own tools, read and judged by the binary's
//! library, and then connections are made from and to both sides of every boundary. Whatever is said has to come true.
//! Rules are changed, too, and what is said of the change is asked at the corners of all that is said to open or to close.
//!
//! It needs root or user namespaces, `ip`, iptables, ipset and nft; what ufw and firewalld make needs them. What a machine lacks leaves the trials ignored with the reason;
//! `NETLAB_REQUIRED=1` makes that a failure. `KERNEL_SETS=1000` asks about more sets of rules, `KERNEL_SEED=7` about others.
#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

#[cfg(target_os = "linux")]
mod agree;
#[cfg(target_os = "linux")]
mod chance;
#[cfg(target_os = "linux")]
mod corners;
#[cfg(target_os = "linux")]
mod iptables;
#[cfg(target_os = "linux")]
#[path = "../support/namespace.rs"]
mod namespace;
#[cfg(target_os = "linux")]
mod net;
#[cfg(target_os = "linux")]
mod nft_sets;
#[cfg(target_os = "linux")]
mod nftables;
#[cfg(target_os = "linux")]
mod pairs;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod sets;
#[cfg(target_os = "linux")]
mod tools;
#[cfg(target_os = "linux")]
mod trial;
#[cfg(target_os = "linux")]
mod written;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    trial::main()
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn main() {}
