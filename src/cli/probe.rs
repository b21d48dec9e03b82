//! The options of `probe`: what is looked at from outside, and over which network.

use clap::Args;

use super::settings::{ByProbe, Typed};
use super::{ChoiceArgs, OutputArgs};

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
    /// Expect to be kept out: see whether an allowlist for WorkOS's addresses leaves this machine out
    #[arg(long, help_heading = "The look")]
    pub expect_closed: bool,
    /// What `listen --nonce` showed at the installation: see whether that very listener answers
    #[arg(long, value_name = "NONCE", value_parser = nonce, conflicts_with = "expect_closed", help_heading = "The look")]
    pub nonce: Option<String>,
    /// Contact private, loopback and reserved addresses too, where the name leads there
    #[arg(long, help_heading = "The look")]
    pub allow_private: bool,
    /// Print what would be touched, and send nothing
    #[arg(long, help_heading = "The look")]
    pub plan: bool,
    /// What is looked at, and over which network.
    #[command(flatten)]
    pub settings: Typed<ByProbe>,
    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn nonce(text: &str) -> Result<String, String> {
    let is_one = text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_one {
        Ok(text.to_owned())
    } else {
        Err("expected the 32 hexadecimal digits that `listen --nonce` showed".to_owned())
    }
}
