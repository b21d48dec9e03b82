//! The command line, declared once. What was typed becomes a layer of settings and the choices of a run.

#![allow(clippy::doc_markdown, reason = "the comments of arguments are the help that people read")]

mod about;
mod help;
mod init;
mod listen;
mod probe;
mod rules;
mod settings;
#[cfg(test)]
mod tests;
mod trusted;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::documents::Kind;
use crate::reporters::{Format, HUMAN, of_documents, of_reports};
use crate::said::listed;
use crate::settings::nearest;

pub use about::{CompletionsArgs, HelpArgs, ManArgs};
pub use help::{HelpFlags, Length, asked_for, help};
pub use init::InitArgs;
pub use listen::{ActionVerdict, ListenArgs, USUAL_PLACE};
pub use probe::ProbeArgs;
pub use rules::{AuditArgs, GenerateArgs, Needed, Part, RuleCompareArgs, RulesArgs, RulesCommand, Ways};
pub use settings::{ByCheck, ByDemo, ByListen, ByPlan, ByProbe, ByRequirements, ByRules, SettingsArgs, Takes, Typed};

/// Tells whether this network, this configuration and this firewall will let an application use `WorkOS`.
#[derive(Parser, Debug)]
#[command(
    name = "workos-preflight",
    version,
    about = "Tells whether this network, this configuration and this firewall will let an on-prem application use WorkOS, and if not, what to change and who has to change it.",
    // As wide as reports are at the most.
    max_term_width = 120,
    before_help = help::EXAMPLES,
    after_help = "Without a command, `check` runs. Without any setting, it answers whether this host reaches WorkOS.\n\n\
                  Exit codes:\n  \
                  0    everything required that was asked is met\n  \
                  1    something required failed, or is worse (--baseline, `compare`)\n  \
                  2    the command could not be carried out\n  \
                  3    something required is unknown, or a check broke\n  \
                  4    only warnings, with --fail-on warn\n  \
                  70   a defect in the tool\n  \
                  130  interrupted; what is known was printed",
    args_conflicts_with_subcommands = true,
    // Wrappers and aliases add flags: of those that take one value, the last one counts.
    args_override_self = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do; `check` when it is not said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `check`.
    #[command(flatten)]
    pub check: CheckArgs,
    /// Help, wherever it is asked for.
    #[command(flatten)]
    pub help: HelpFlags,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the checks, in order, from here
    Check(Box<CheckArgs>),
    /// Print what `check` would touch, and why; sends nothing
    Plan(Box<PlanArgs>),
    /// Print the sheet for a firewall request; sends nothing
    Requirements(Box<RequirementsArgs>),
    /// Write, judge and compare a firewall's rules; sends nothing
    Rules(RulesArgs),
    /// Stand at the webhook URL: what arrives, from where, signed?
    Listen(Box<ListenArgs>),
    /// Say what a change did, between two saved reports
    Compare(CompareArgs),
    /// Look at the installation from outside, from another machine
    Probe(Box<ProbeArgs>),
    /// Print the manual page of a check or of a finding's code
    Explain(ExplainArgs),
    /// Write a settings file, with every setting explained in it
    Init(Box<InitArgs>),
    /// Run the real checks against a WorkOS that is played here
    Demo(DemoArgs),
    /// Print the JSON Schema of a document, or of the settings file
    Schema(SchemaArgs),
    /// Print the help of the whole, or of a command
    Help(HelpArgs),
    /// Print version, commit, date of the facts and target
    Version,
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the manual page of the whole, or of a command, for `man`
    Man(ManArgs),
}

/// The options of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The options of `plan`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByPlan>,
    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// How to print the plan
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = documents_format(Kind::Plan), help_heading = "Output")]
    pub format: &'static Format,
}

/// The options of `requirements`.
#[derive(Args, Debug)]
pub struct RequirementsArgs {
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs<ByRequirements>,
    /// A saved JSON report of `check`, from which the host of the hosted login is learnt
    #[arg(long, value_name = "REPORT", help_heading = "Deeper looks")]
    pub learnt: Option<PathBuf>,
    /// Only what changed since this older file of facts
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, help_heading = "Output")]
    pub compare_facts: Option<PathBuf>,
    /// Who asks for it, for the head of the sheet
    #[arg(long, value_name = "NAME", overrides_with = "requester", help_heading = "Output")]
    pub requester: Option<String>,
    /// The ticket or change that it belongs to, for the head of the sheet
    #[arg(long, value_name = "NUMBER", overrides_with = "ticket", help_heading = "Output")]
    pub ticket: Option<String>,
    /// How to print the sheet
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = documents_format(Kind::Requirements), help_heading = "Output")]
    pub format: &'static Format,
}

/// The arguments of `compare`.
#[derive(Args, Debug)]
#[command(
    after_help = "Rows are paired by check and subject. A row that no setting calls for any more, or that --skip leaves out, is no longer \
                  asked, and not worse; one that is skipped because what it needs failed is no longer established, which is. What \
                  is new counts as worse where it is required and fails. Waived failures do not count.\n\
                  Exit codes: 0 nothing is worse, 1 something is, 2 a file cannot be read or is no report."
)]
pub struct CompareArgs {
    /// The report before the change, as `--report json=FILE` saved it; `-` reads standard input
    #[arg(value_name = "BEFORE")]
    pub before: PathBuf,
    /// The report after the change; `-` reads standard input
    #[arg(value_name = "AFTER")]
    pub after: PathBuf,
    /// How to print the comparison
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = documents_format(Kind::Comparison), help_heading = "Output")]
    pub format: &'static Format,
    /// Print only what is worse, and the verdict
    #[arg(short, long, overrides_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print what is unchanged, and everything that was seen otherwise, too
    #[arg(short, long, overrides_with = "quiet", help_heading = "Output")]
    pub verbose: bool,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
}

/// The arguments of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// A check (`egress.connects`), a group (`egress`), or a finding's code (`egress.connects/timed-out`, `timed-out`); without
    /// it, the list
    #[arg(value_name = "ID|CODE")]
    pub what: Option<String>,
    /// How to print the page
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = documents_format(Kind::Explain))]
    pub format: &'static Format,
}

/// The options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// What is broken in the demonstration; `list` names the faults
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// What it takes of the settings.
    #[command(flatten)]
    pub settings: Typed<ByDemo>,
    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Where the report goes.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The argument of `schema`.
#[derive(Args, Debug)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_name = "WHAT", default_value = Kind::Report.as_str(), value_parser = schema_of())]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SchemaOf {
    /// A document, as its JSON is.
    Document(Kind),
    /// The settings file.
    Config,
}

const CONFIG: &str = "config";

fn schema_of() -> impl TypedValueParser<Value = SchemaOf> {
    let kinds = Kind::ALL.map(|kind| PossibleValue::new(kind.as_str()).help(kind.of_what()));
    let values = kinds.into_iter().chain([PossibleValue::new(CONFIG).help("the settings file")]);
    PossibleValuesParser::new(values).map(|name| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.map_or(SchemaOf::Config, SchemaOf::Document)
    })
}

/// Which checks.
#[derive(Args, Default, Debug)]
pub struct ChoiceArgs {
    /// Only this check or group, and what it needs (repeatable, or with commas)
    #[arg(long, value_delimiter = ',', value_name = "ID|GROUP", help_heading = "Which checks")]
    pub only: Vec<String>,
    /// Leave out this check or group; the reason goes into the report (repeatable)
    #[arg(long, value_name = "ID|GROUP[=REASON]", help_heading = "Which checks")]
    pub skip: Vec<String>,
}

/// Where the report goes, and what the exit code says.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// The report's format
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = format_named, help = reports_format(), help_heading = "Output")]
    pub format: &'static Format,
    /// Write that format to a file, the terminal still gets the human report; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write another format to a file besides (repeatable); `-` is standard output, in place of the human report
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file, help_heading = "Output")]
    pub report: Vec<(&'static Format, PathBuf)>,
    /// Print only what is wrong, and the verdict
    #[arg(short, long, overrides_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print settings, and the evidence of passes too
    #[arg(short, long, overrides_with = "quiet", help_heading = "Output")]
    pub verbose: bool,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
    /// The lowest severity that makes the exit code non-zero
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "fail", help_heading = "Output")]
    pub fail_on: FailOn,
    /// Hold the run to a saved report: the exit code is 1 if something got worse since, and 0 if not, whatever the verdict is
    #[arg(long, value_name = "REPORT", conflicts_with = "fail_on", help_heading = "Output")]
    pub baseline: Option<PathBuf>,
    /// Exit with 3 also where nothing is wrong, and not everything that the strategy requires was asked
    #[arg(long, help_heading = "Output")]
    pub complete: bool,
    /// Exit with 0 whatever the verdict is
    #[arg(long, help_heading = "Output")]
    pub exit_zero: bool,
}

impl OutputArgs {
    /// What of it is said once for every place that something goes to.
    #[must_use]
    pub fn settled(&self) -> Self {
        OutputArgs {
            output: self.output.clone(),
            report: self.report.clone(),
            baseline: self.baseline.clone(),
            ..*self
        }
    }
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The lowest severity that makes the exit code non-zero.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum FailOn {
    /// Failures and what is unknown.
    Fail,
    /// Warnings too.
    Warn,
}

/// The help of the option that has a report's format.
fn reports_format() -> String {
    format!("The report's format: {}", listed(of_reports().map(|format| format.name)))
}

/// The format of a document that is no report.
fn documents_format(kind: Kind) -> impl TypedValueParser<Value = &'static Format> {
    PossibleValuesParser::new(of_documents(kind).map(|format| format.name)).try_map(|name| Format::named(&name))
}

fn format_named(name: &str) -> Result<&'static Format, String> {
    let near = nearest(name, of_reports().map(|format| format.name));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Format::named(name).map_err(|formats| format!("{formats}{near}"))
}

fn format_and_file(text: &str) -> Result<(&'static Format, PathBuf), String> {
    let (format, file) =
        text.split_once('=').ok_or_else(|| "expected FORMAT=FILE, such as `junit=report.xml`".to_owned())?;
    if file.is_empty() {
        return Err("the file's name is missing after `=`".to_owned());
    }
    let format = format_named(format)?;
    format.tells()?;
    Ok((format, PathBuf::from(file)))
}
