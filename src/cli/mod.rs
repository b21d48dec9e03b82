//! The command line, declared once. What was typed becomes a layer of settings and the choices of a run.

#![allow(clippy::doc_markdown, reason = "the comments of arguments are the help that people read")]

mod listen;
mod probe;
mod settings;
mod trusted;
mod typed;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::reporters::{FORMATS, Format, HUMAN};
use crate::said::listed;

pub use listen::{ActionVerdict, ListenArgs, USUAL_PLACE};
pub use probe::ProbeArgs;
pub use settings::SettingsArgs;

/// Tells whether this network, this configuration and this firewall will let an application use `WorkOS`.
#[derive(Parser, Debug)]
#[command(
    name = "workos-preflight",
    version,
    about = "Tells whether this network, this configuration and this firewall will let an on-prem application use WorkOS, and if not, what to change and who has to change it.",
    after_help = "Without a command, `check` runs. Without any setting, it answers whether this host reaches WorkOS.\n\
                  Exit codes: 0 ready, 1 something required failed, 2 the command could not be carried out, 3 something required is \
                  unknown, 4 only warnings (with --fail-on warn), 70 a defect in the tool, 130 interrupted. With --baseline, and of \
                  `compare`: 0 nothing is worse, 1 something is.",
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
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the checks, in order, from here
    Check(Box<CheckArgs>),
    /// Print every name, address, request and file that `check` would touch, and send nothing
    Plan(Box<PlanArgs>),
    /// Print the sheet for a firewall request: each connection that must be let through, with its reason; sends nothing
    Requirements(Box<RequirementsArgs>),
    /// Stand at the webhook URL and say what arrives, from where, and whether WorkOS signed it
    Listen(Box<ListenArgs>),
    /// Say what improved, regressed and stayed between two saved reports, and send nothing
    Compare(CompareArgs),
    /// Look at the installation from outside: run it on a machine that is not the installation's
    Probe(Box<ProbeArgs>),
    /// Print a check's manual page, or what a finding's code means; without an argument, the list
    Explain(ExplainArgs),
    /// Run the real checks against an embedded WorkOS and customer site on loopback
    Demo(DemoArgs),
    /// Print the JSON Schema of the report, of a comparison, or of the settings file
    Schema(SchemaArgs),
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
    pub settings: SettingsArgs,
    /// Which checks.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// How to print the plan
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: PlanFormat,
}

/// How a plan can be printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum PlanFormat {
    /// For a person.
    Human,
    /// For a program.
    Json,
}

/// The options of `requirements`.
#[derive(Args, Debug)]
pub struct RequirementsArgs {
    /// What the user asks for.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// A saved JSON report of `check`, from which the host of the hosted login is learnt
    #[arg(long, value_name = "REPORT", help_heading = "Deeper looks")]
    pub learnt: Option<PathBuf>,
    /// How to print the sheet
    #[arg(long, value_enum, default_value = "human", help_heading = "Output")]
    pub format: SheetFormat,
}

/// How a sheet can be printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum SheetFormat {
    /// For a person.
    Human,
    /// For a program.
    Json,
    /// For a ticket.
    Markdown,
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
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub format: ComparisonFormat,
    /// Print only what is worse, and the verdict
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print what is unchanged, and everything that was seen otherwise, too
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
}

/// How a comparison can be printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum ComparisonFormat {
    /// For a person.
    Human,
    /// For a program.
    Json,
}

/// The argument of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// A check (`egress.connects`), a group (`egress`), or a finding's code (`egress.connects/timed-out`, `timed-out`)
    #[arg(value_name = "ID|CODE")]
    pub what: Option<String>,
}

/// The options of `demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// What is broken in the demonstration; `list` names the faults
    #[arg(long, value_name = "NAME")]
    pub fault: Option<String>,
    /// How long one attempt may take; a demonstration waits less than a real run [default: 1s, longer where answers are late]
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<String>,
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
    #[arg(value_enum, default_value = "report")]
    pub of: SchemaOf,
}

/// What has a schema.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum SchemaOf {
    /// The report of `--format json`.
    Report,
    /// The comparison of `compare --format json`.
    Comparison,
    /// The settings file.
    Config,
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
    #[arg(long, value_name = "FORMAT", default_value = HUMAN.name, value_parser = Format::named, help = reports_format(), help_heading = "Output")]
    pub format: &'static Format,
    /// Write that format to a file, the terminal still gets the human report; `-` is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write the report in another format to a file besides (repeatable); `-` is standard output, in place of the human report
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file, help_heading = "Output")]
    pub report: Vec<(&'static Format, PathBuf)>,
    /// Print only what is wrong, and the verdict
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Print the settings, and the evidence of what passed too
    #[arg(short, long, help_heading = "Output")]
    pub verbose: bool,
    /// When to colour
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: When,
    /// From what on the exit code is not 0
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "fail", help_heading = "Output")]
    pub fail_on: FailOn,
    /// Hold the run to a saved report: the exit code is 1 if something got worse since, and 0 if not, whatever the verdict is
    #[arg(long, value_name = "REPORT", conflicts_with = "fail_on", help_heading = "Output")]
    pub baseline: Option<PathBuf>,
    /// Exit with 0 whatever the verdict is
    #[arg(long, help_heading = "Output")]
    pub exit_zero: bool,
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

/// From what on the exit code is not 0.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub enum FailOn {
    /// Failures and what is unknown.
    Fail,
    /// Warnings too.
    Warn,
}

/// The help of the option that has a report's format.
fn reports_format() -> String {
    format!("The report's format: {}", listed(FORMATS.iter().map(|format| format.name)))
}

fn format_and_file(text: &str) -> Result<(&'static Format, PathBuf), String> {
    let (format, file) =
        text.split_once('=').ok_or_else(|| "FORMAT=FILE is wanted, such as `junit=report.xml`".to_owned())?;
    if file.is_empty() {
        return Err("the file's name is missing after `=`".to_owned());
    }
    Ok((Format::named(format)?, PathBuf::from(file)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SETTINGS;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_declared_setting_has_its_flag() {
        let command = Cli::command();
        let flags: Vec<String> = command
            .get_arguments()
            .filter_map(|argument| {
                argument
                    .get_long()
                    .map(|long| format!("--{long}"))
                    .or_else(|| argument.get_short().map(|short| format!("-{short}")))
            })
            .collect();

        for setting in SETTINGS {
            let flag = setting.flag.unwrap();
            assert!(flags.iter().any(|known| known == flag), "{} has no {flag}", setting.name);
        }
    }

    #[test]
    fn every_flag_reaches_the_settings() {
        let mut typed = vec!["workos-preflight".to_owned(), "-6".to_owned()];
        for setting in SETTINGS {
            match setting.flag.unwrap() {
                "-4" | "--direct" => {}
                flag @ ("--deep" | "--browser-hosts" | "--probe-pair" | "--send-signed") => typed.push(flag.to_owned()),
                flag => typed.extend([flag.to_owned(), "x".to_owned()]),
            }
        }
        let layer = Cli::parse_from(typed).check.settings.layer();

        for setting in SETTINGS.iter().filter(|setting| setting.name != "network.direct") {
            assert!(layer.of(setting.name).is_some(), "{} is not given by {:?}", setting.name, setting.flag);
        }
    }
}
