//! The options of `listen`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ipnet::IpNet;

use super::trusted::range;
use super::{ByListen, OutputArgs, SettingsArgs};

/// Where WorkOS, whose sources are IPv4, delivers to.
pub const USUAL_PLACE: &str = "0.0.0.0:443";

/// The options of `listen`.
#[derive(Args, Debug)]
pub struct ListenArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = USUAL_PLACE, help_heading = "The listener")]
    pub bind: SocketAddr,
    /// The certificate chain that it shows, PEM
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "The listener")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "The listener")]
    pub tls_key: Option<PathBuf>,
    /// Show a certificate made for the occasion, for behind a proxy that does not verify it
    #[arg(long, conflicts_with_all = ["tls_cert", "plain"], help_heading = "The listener")]
    pub self_signed: bool,
    /// Speak HTTP, for behind a proxy that ends TLS
    #[arg(long, conflicts_with = "tls_cert", help_heading = "The listener")]
    pub plain: bool,
    /// A proxy before this host whose X-Forwarded-For, Forwarded or PROXY header is believed (repeatable)
    #[arg(long, value_name = "CIDR", value_parser = range, help_heading = "The listener")]
    pub trusted_proxy: Vec<IpNet>,
    /// Connections begin with a PROXY header, version 1 or 2, of a trusted proxy
    #[arg(long, requires = "trusted_proxy", help_heading = "The listener")]
    pub proxy_protocol: bool,
    /// End after so many genuine deliveries [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000), conflicts_with = "deliver", help_heading = "The listener")]
    pub count: Option<u32>,
    /// End after this time at the latest [default: 10m, with --deliver 60s]
    #[arg(long = "for", value_name = "TIME", help_heading = "The listener")]
    pub lasting: Option<String>,
    /// Listen until a delivery has come from every published address, and warn of those that were not seen
    #[arg(long, help_heading = "The listener")]
    pub expect_all: bool,
    /// Answer genuine deliveries 200, so that WorkOS does not deliver them again to the application [default: 503, but for what
    /// --deliver caused]
    #[arg(long, help_heading = "The listener")]
    pub accept: bool,
    /// Answer genuine Actions with a signed Allow [default: 503, which denies the sign-in]
    #[arg(long, value_enum, value_name = "VERDICT", help_heading = "The listener")]
    pub actions: Option<ActionVerdict>,
    /// Show a nonce that `workos-preflight probe --nonce` presents from outside
    #[arg(long, help_heading = "The listener")]
    pub nonce: bool,
    /// Make WorkOS send an event: registers an endpoint where there is none, creates an organization, and deletes both
    #[arg(long, help_heading = "A delivery of one's own")]
    pub deliver: bool,
    /// Delete what a --deliver that was killed left at WorkOS
    #[arg(long, conflicts_with = "deliver", help_heading = "A delivery of one's own")]
    pub clean_up: bool,
    /// Do not ask before something is written at WorkOS
    #[arg(long, help_heading = "A delivery of one's own")]
    pub yes: bool,
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByListen>,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// What Actions are answered with.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum ActionVerdict {
    /// The sign-in or registration goes on.
    Allow,
}
