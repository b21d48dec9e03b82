//! A real squid is asked: configurations made by chance are read and judged by the binary's library, and then every host, port and
//! client is tried with a CONNECT. Whatever is said has to come true.
//!
//! It needs root, `ip` and squid. What a machine lacks leaves the trials ignored with the reason; `NETLAB_REQUIRED=1` makes that a
//! failure. `SQUID_SETS=1000` asks about more configurations, `SQUID_SEED=7` about others.
#![allow(clippy::unwrap_used, reason = "a test ends at what it did not expect")]

#[cfg(target_os = "linux")]
mod agree;
#[cfg(target_os = "linux")]
#[path = "../kernel/chance.rs"]
#[allow(dead_code, reason = "the kernel's trials have a seed and a number of their own")]
mod chance;
#[cfg(target_os = "linux")]
#[path = "../support/namespace.rs"]
#[allow(dead_code, reason = "squid needs more users than a namespace of users that anybody can make")]
mod namespace;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(target_os = "linux")]
mod sets;
#[cfg(target_os = "linux")]
mod trial;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    trial::main()
}

/// Namespaces are Linux's.
#[cfg(not(target_os = "linux"))]
fn main() {}
