//! Tells whether this network, this configuration and this firewall will let an on-prem application use `WorkOS`.

use std::process::ExitCode;

fn main() -> ExitCode {
    workos_preflight::commands::main()
}
