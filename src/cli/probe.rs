//! The options of `probe`: what is looked at from outside, and over which network.

use clap::Args;

use super::typed::{self, given, on};
use super::{ChoiceArgs, OutputArgs};
use crate::settings::Layer;

/// The options of `probe`.
#[derive(Args, Debug)]
#[command(
    after_help = "Run it on a machine that is not the installation's. It contacts the installation that is named, and the public \
                  resolver; never WorkOS's API. It reads no settings file, no key and no secret, and of the environment only the \
                  proxy variables, which the way to the public resolver takes; the installation is contacted directly."
)]
pub struct ProbeArgs {
    /// The webhook URL, or https://HOST/ of the installation
    #[arg(value_name = "URL")]
    pub url: String,
    /// The URL that WorkOS delivers webhooks to, where URL is https://HOST/
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    pub webhook_url: Option<String>,
    /// The URL that WorkOS sends Actions to
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    pub actions_url: Option<String>,
    /// A redirect URI that the application uses (repeatable)
    #[arg(long, value_name = "URI", help_heading = "The installation")]
    pub redirect_uri: Vec<String>,

    /// Expect to be kept out: see whether an allowlist for WorkOS's addresses leaves this machine out
    #[arg(long, help_heading = "The look")]
    pub expect_closed: bool,
    /// What `listen --nonce` showed at the installation: see whether that very listener answers
    #[arg(long, value_name = "NONCE", value_parser = nonce, conflicts_with = "expect_closed", help_heading = "The look")]
    pub nonce: Option<String>,
    /// Contact private, loopback and reserved addresses too, where the name leads there
    #[arg(long, help_heading = "The look")]
    pub allow_private: bool,
    /// Print what would be touched, and why, and send nothing
    #[arg(long, help_heading = "The look")]
    pub plan: bool,
    /// A file of facts in place of the embedded one
    #[arg(long, value_name = "FILE", help_heading = "The look")]
    facts: Option<String>,

    /// The public view: a DNS over HTTPS URL, an address, or `none` [default: cloudflare-dns.com]
    #[arg(long, value_name = "URL|ADDRESS|none", help_heading = "The network")]
    public_resolver: Option<String>,
    /// The DNS server to ask in place of the system's, where no public resolver can be asked
    #[arg(long, value_name = "ADDRESS", help_heading = "The network")]
    resolver: Option<String>,
    /// Use IPv4 only
    #[arg(short = '4', conflicts_with = "six", help_heading = "The network")]
    four: bool,
    /// Use IPv6 only
    #[arg(short = '6', help_heading = "The network")]
    six: bool,
    /// The forward proxy to the public resolver [env: HTTPS_PROXY, ALL_PROXY]
    #[arg(long, value_name = "URL", help_heading = "The network")]
    proxy: Option<String>,
    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy", help_heading = "The network")]
    direct: bool,
    /// A PEM file of CAs trusted besides the system's, for the public resolver
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    ca_bundle: Option<String>,
    /// A PEM file of what counts as a public root [default: Mozilla's list]
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    public_roots: Option<String>,
    /// How long one attempt may take [default: 5s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    timeout: Option<String>,
    /// How often an attempt is repeated after a transient failure [default: 1]
    #[arg(long, value_name = "N", help_heading = "The network")]
    retries: Option<String>,
    /// How long the whole run may take [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    deadline: Option<String>,

    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl ProbeArgs {
    /// What was typed, as a layer of settings; the URL itself is for the command to read.
    pub fn layer(&self) -> Layer {
        typed::layer([
            ("facts", "--facts", given(&self.facts)),
            ("installation.webhook_url", "--webhook-url", given(&self.webhook_url)),
            ("installation.actions_url", "--actions-url", given(&self.actions_url)),
            ("installation.redirect_uris", "--redirect-uri", given(&self.redirect_uri)),
            ("network.public_resolver", "--public-resolver", given(&self.public_resolver)),
            ("network.resolver", "--resolver", given(&self.resolver)),
            typed::family(self.four, self.six),
            ("network.proxy", "--proxy", given(&self.proxy)),
            ("network.direct", "--direct", on(self.direct)),
            ("network.ca_bundle", "--ca-bundle", given(&self.ca_bundle)),
            ("network.public_roots", "--public-roots", given(&self.public_roots)),
            ("network.timeout", "--timeout", given(&self.timeout)),
            ("network.retries", "--retries", given(&self.retries)),
            ("network.deadline", "--deadline", given(&self.deadline)),
        ])
    }
}

fn nonce(text: &str) -> Result<String, String> {
    let is_one = text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_one {
        Ok(text.to_owned())
    } else {
        Err("the 32 hexadecimal digits that `listen --nonce` showed are right".to_owned())
    }
}
