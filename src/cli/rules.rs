//! The commands of `rules`: what stands in front of a change of a firewall.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::settings::{ByRules, SettingsArgs};
use super::{OutputArgs, When, documents_format};
use crate::documents::Kind;
use crate::reporters::{Format, HUMAN};

/// The arguments of `rules`.
#[derive(Args, Debug)]
#[command(subcommand_required = true, disable_help_subcommand = true)]
pub struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RulesCommand,
}

/// The commands of `rules`.
#[derive(Subcommand, Debug)]
pub enum RulesCommand {
    /// Write the required flows in a firewall's own language; sends nothing
    Generate(Box<GenerateArgs>),
    /// Judge exported rules: what is missing, too wide or stale; sends nothing
    Audit(Box<AuditArgs>),
    /// Say what exactly a change lets through and shuts; sends nothing
    Compare(Box<RuleCompareArgs>),
}

/// The options of `rules generate`.
#[derive(Args, Debug)]
#[command(
    after_help = "What is written only adds: nothing that stands is taken away or emptied. First come remarks that somebody has to read, then the \
                  rules; what denies everything else, and what takes the rules away again, stand behind them as comments where the language has \
                  comments, and alone with --part. The same flows give the same text.\n\n\
                  Examples:\n  \
                  workos-preflight rules generate --list\n  \
                  workos-preflight rules generate --dialect nftables --domain app.customer.example --resolver 10.20.0.53\n  \
                  workos-preflight rules generate --dialect terraform --direction egress --output workos.tf\n  \
                  workos-preflight rules generate --dialect iptables --part rollback"
)]
pub struct GenerateArgs {
    /// Print the languages, what they are, and which of them are read as well
    #[arg(long, help_heading = "What is written")]
    pub list: bool,
    /// Which way connections cross the edge, as the installation sees it
    #[arg(long, value_enum, value_name = "WAY", default_value = "both", help_heading = "What is written")]
    pub direction: Ways,
    /// Only this part of it
    #[arg(long, value_enum, value_name = "PART", help_heading = "What is written")]
    pub part: Option<Part>,
    /// The flows that are written: those needed this much, and more
    #[arg(long, value_enum, value_name = "NEED", default_value = "recommended", help_heading = "What is written")]
    pub need: Needed,
    /// Log what crosses by these rules, and what is denied
    #[arg(long, help_heading = "What is written")]
    pub log: bool,
    /// Only what changed since this older file of facts
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What is written")]
    pub compare_facts: Option<PathBuf>,
    /// Write it to a file; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "What is written")]
    pub output: Option<PathBuf>,
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByRules>,
}

/// The options of `rules audit`.
#[derive(Args, Debug)]
#[command(
    after_help = "The languages are told apart by what stands in the files; --dialect says it where that is not enough. Files of one language \
                  are read together, as iptables-save, ip6tables-save and ipset save; what passes has to pass the rules of every language. \
                  `rules generate --list` names the languages. In a folder, what is in none of them is passed over, and said.\n\n\
                  Printed is the review: the flows with who decides them, the rules for what is missing, and the report. --report writes the \
                  report alone, as `check` does.\n\n\
                  Exit codes: 0 every required flow is let through, 1 one is missing, 2 a file cannot be read, 3 one cannot be decided, or a \
                  part of a file was not understood.\n\n\
                  Examples:\n  \
                  iptables-save > v4; ip6tables-save > v6; ipset save > sets\n  \
                  workos-preflight rules audit v4 v6 sets --domain app.customer.example --resolver 10.20.0.53\n  \
                  nft -j list ruleset | workos-preflight rules audit -\n  \
                  workos-preflight rules audit edge.txt --place router --outside untrust --inside dmz --format markdown\n  \
                  aws ec2 describe-security-groups > groups.json; workos-preflight rules audit groups.json --scope sg-0a1b2c3d"
)]
pub struct AuditArgs {
    /// Exported rules: files, folders of them, or `-` for standard input; without any, those of `firewall.rules` in the settings file
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByRules>,
    /// Where the review goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The arguments of `rules compare`.
#[derive(Args, Debug)]
#[command(
    after_help = "Every connection over every address, protocol and port is compared, not lines: rules that are written otherwise and mean the \
                  same are no change. Connections that begin are compared first; those that stand are told where they differ. What is \
                  rewritten on the way is not compared.\n\n\
                  Exit codes: 0 nothing changes, or what was requested and nothing else; 1 it opens more, leaves something out or shuts \
                  something (without --requested: it changes anything); 2 a file cannot be read; 3 it cannot be decided.\n\n\
                  Examples:\n  \
                  workos-preflight rules compare before.rules after.rules\n  \
                  workos-preflight rules compare before.rules after.rules --requested --resolver 10.20.0.53 --format markdown"
)]
pub struct RuleCompareArgs {
    /// The rules before the change: a file or a folder; `-` is standard input
    #[arg(value_name = "BEFORE", value_hint = ValueHint::AnyPath)]
    pub before: PathBuf,
    /// The rules after the change: a file or a folder; `-` is standard input
    #[arg(value_name = "AFTER", value_hint = ValueHint::AnyPath)]
    pub after: PathBuf,
    /// Hold the change to the required flows: does it do that and nothing else?
    #[arg(long, help_heading = "The request")]
    pub requested: bool,
    /// The flows that are requested: those needed this much, and more
    #[arg(
        long,
        value_enum,
        value_name = "NEED",
        default_value = "recommended",
        requires = "requested",
        help_heading = "The request"
    )]
    pub need: Needed,
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByRules>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = documents_format(Kind::Change), help_heading = "Output")]
    pub format: &'static Format,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
}

/// Which way connections cross the edge.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Ways {
    /// Opened inside
    Egress,
    /// Opened outside
    Ingress,
    /// Either
    Both,
}

/// A part of what is generated.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Part {
    /// What lets the flows through
    Rules,
    /// What denies everything else
    DefaultDeny,
    /// What takes the rules away again
    Rollback,
}

/// How much a flow has to be needed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum Needed {
    /// Without it the deployment does not work
    Required,
    /// And what may be missed now and then, or soon
    Recommended,
    /// And what only some deployments use
    WhereUsed,
}
