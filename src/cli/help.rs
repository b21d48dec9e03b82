//! `-h`, what is used most on one screen, and `--help`, everything.

use std::ffi::OsStr;

use clap::builder::{Resettable, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::settings::declared;

/// How much is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// What is used most, in no more than a screen of 80 × 24.
    Short,
    /// Everything.
    Full,
}

/// What each command shows in its short help, where it has more than a screen of options.
static USED_MOST: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "config",
            "strategy",
            "api-key-file",
            "client-id",
            "domain",
            "redirect-uri",
            "webhook-url",
            "actions-url",
            "proxy",
            "ca-bundle",
            "only",
            "report",
            "quiet",
            "verbose",
        ],
    ),
    (
        "plan",
        &[
            "config",
            "strategy",
            "api-key-file",
            "client-id",
            "domain",
            "redirect-uri",
            "webhook-url",
            "actions-url",
            "proxy",
            "only",
            "format",
        ],
    ),
    (
        "requirements",
        &[
            "config",
            "strategy",
            "domain",
            "address",
            "webhook-url",
            "actions-url",
            "proxy",
            "endpoint",
            "learnt",
            "format",
        ],
    ),
    (
        "rules generate",
        &[
            "dialect",
            "direction",
            "part",
            "need",
            "log",
            "output",
            "strategy",
            "domain",
            "resolver",
            "proxy",
            "exposure",
        ],
    ),
    ("rules compare", &["requested", "dialect", "scope", "place", "domain", "resolver", "format"]),
    (
        "rules audit",
        &["dialect", "scope", "place", "outside", "inside", "domain", "resolver", "exposure", "format", "report"],
    ),
    ("listen", &["bind", "tls-cert", "tls-key", "plain", "trusted-proxy", "for", "deliver", "webhook-url", "report"]),
    (
        "probe",
        &[
            "expect-closed",
            "nonce",
            "plan",
            "redirect-uri",
            "webhook-url",
            "actions-url",
            "only",
            "report",
            "quiet",
            "verbose",
        ],
    ),
    (
        "init",
        &["output", "force", "strategy", "domain", "client-id", "redirect-uri", "webhook-url", "api-key-file", "proxy"],
    ),
    ("demo", &["fault", "only", "format", "report", "quiet", "verbose"]),
];

/// What the short help of the whole has no line for each of.
static IN_A_LINE: &[&str] = &["schema", "help", "version", "completions", "man"];

const OF_THE_WHOLE: &str = "\
Also: schema, help COMMAND, version, completions SHELL, man
Most used: --client-id, --domain, --redirect-uri, --webhook-url, --actions-url,
  --proxy, -q, -v, --report FORMAT=FILE; the API key in WORKOS_API_KEY
Everything, examples and exit codes: --help; a command's options: COMMAND -h";

/// What `--help` begins with.
pub(super) const EXAMPLES: &str = "\
Examples:
  Does this host reach WorkOS? No settings needed.
    workos-preflight

  Everything, before going live:
    export WORKOS_API_KEY=sk_live_…      # or --api-key-file FILE
    workos-preflight --client-id client_… --domain app.customer.example \\
      --redirect-uri https://app.customer.example/callback \\
      --webhook-url https://app.customer.example/webhooks/workos

  What would that touch? For review; sends nothing, and takes the same options:
    workos-preflight plan --domain app.customer.example

  In CI, with the settings in preflight.toml (workos-preflight init writes one):
    workos-preflight --report junit=preflight.xml --report json=preflight.json";

/// The two flags, of every command.
#[derive(Default, Debug)]
pub struct HelpFlags;

impl Args for HelpFlags {
    fn augment_args(command: Command) -> Command {
        let flag = |id: &'static str, length| {
            Arg::new(id).action(ArgAction::SetTrue).value_parser(Prints(length)).global(true).help_heading("Help")
        };
        command.disable_help_flag(true).args([
            flag("short help", Length::Short).short('h').help("Print what is used most, on one screen"),
            flag("full help", Length::Full).long("help").help("Print everything"),
        ])
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for HelpFlags {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(HelpFlags)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

/// Ends the parsing with the help of the command that the flag is given to.
#[derive(Clone)]
struct Prints(Length);

impl TypedValueParser for Prints {
    type Value = bool;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<bool, clap::Error> {
        if value != "true" {
            return Ok(false);
        }
        let mut asked = clap::Error::new(ErrorKind::DisplayHelp);
        asked.insert(ContextKind::Custom, ContextValue::StyledStr(help(command, self.0)));
        Err(asked)
    }
}

/// The help that was asked for, where an error of the parser is that.
pub fn asked_for(error: &clap::Error) -> Option<&StyledStr> {
    match error.get(ContextKind::Custom) {
        Some(ContextValue::StyledStr(help)) if error.kind() == ErrorKind::DisplayHelp => Some(help),
        _ => None,
    }
}

/// The help of a command.
pub fn help(command: &Command, length: Length) -> StyledStr {
    match length {
        Length::Full => command.clone(),
        Length::Short if command.get_name() == env!("CARGO_PKG_NAME") => short_of_the_whole(command.clone()),
        Length::Short => short(command.clone()),
    }
    .render_help()
}

fn short_of_the_whole(command: Command) -> Command {
    let command = command.mut_args(|argument| argument.hide(true));
    let command = command.mut_subcommands(|one| {
        let in_a_line = IN_A_LINE.contains(&one.get_name());
        one.hide(in_a_line)
    });
    command
        .before_help(Resettable::Reset)
        .about("Will an on-prem app work with WorkOS from here? If not, who changes what?")
        .override_usage("workos-preflight [COMMAND] [OPTIONS]  (default: check)")
        .after_help(OF_THE_WHOLE)
}

/// How a command is typed behind the tool's name: `rules audit`.
fn typed(command: &Command) -> String {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let behind = name.strip_prefix(concat!(env!("CARGO_PKG_NAME"), "-")).unwrap_or(name);
    behind.replace('-', " ")
}

fn short(command: Command) -> Command {
    let name = typed(&command);
    let used_most = USED_MOST.iter().find(|(of, _)| *of == name).map(|(_, options)| *options);
    let command = command.mut_args(|argument| {
        let is_used = match (used_most, argument.get_long()) {
            (Some(options), Some(long)) => options.contains(&long),
            (Some(_), None) => argument.is_positional(),
            (None, _) => !argument.is_global_set(),
        };
        let line = match declared(argument.get_id().as_str()) {
            Some(setting) => setting.short_line(),
            None => without_asides(&argument.get_help().map(ToString::to_string).unwrap_or_default()),
        };
        let argument = if used_most.is_some() { argument.help(line) } else { argument };
        argument.hide(!is_used).help_heading(None::<&str>).hide_default_value(used_most.is_some())
    });
    let rest = match used_most {
        Some(_) => format!("Everything else: workos-preflight {name} --help"),
        None => format!("More: workos-preflight {name} --help"),
    };
    command.before_help(Resettable::Reset).after_help(rest)
}

/// A line of help without what stands in brackets behind it, or behind a semicolon.
fn without_asides(line: &str) -> String {
    let end = [" (", " [", "; "].iter().filter_map(|aside| line.find(aside)).min();
    line[..end.unwrap_or(line.len())].to_owned()
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    /// A screen of 80 × 24, less the line that the shell asks on.
    const SCREEN: (usize, usize) = (80, 23);

    /// The commands, and those of commands that have some.
    fn commands(whole: &Command) -> impl Iterator<Item = &Command> {
        whole.get_subcommands().flat_map(|command| std::iter::once(command).chain(command.get_subcommands()))
    }

    fn whole() -> Command {
        let mut whole = Cli::command().term_width(SCREEN.0);
        whole.build();
        whole
    }

    #[test]
    fn the_short_help_of_every_command_fits_one_screen_and_names_the_rest() {
        let whole = whole();
        for command in commands(&whole).chain([&whole]) {
            let help = help(&command.clone().term_width(SCREEN.0), Length::Short).to_string();
            assert!(help.contains("--help"), "{help}");
            assert!(help.lines().count() <= SCREEN.1, "{}: {} lines\n{help}", command.get_name(), help.lines().count());
            assert!(help.lines().all(|line| line.chars().count() <= SCREEN.0), "{help}");
        }
    }

    #[test]
    fn what_the_short_help_names_is_there() {
        let whole = whole();
        for (name, options) in USED_MOST {
            let command = commands(&whole).find(|command| typed(command) == *name).unwrap();
            for option in *options {
                let found = command.get_arguments().find(|argument| argument.get_long() == Some(option));
                assert!(found.is_some_and(|found| !found.is_hide_set()), "{name} --{option}");
            }
        }
        for name in IN_A_LINE {
            assert!(whole.find_subcommand(name).is_some() && OF_THE_WHOLE.contains(name), "{name}");
        }
        let check = whole.find_subcommand("check").unwrap();
        for word in OF_THE_WHOLE.split_whitespace().filter_map(|word| word.strip_prefix("--")) {
            let word = word.trim_end_matches([',', ';']);
            assert!(
                word == "help" || check.get_arguments().any(|argument| argument.get_long() == Some(word)),
                "{word}"
            );
        }
    }

    #[test]
    fn the_full_help_begins_with_four_examples_that_are_carried_out_as_they_stand() {
        let full = help(&whole(), Length::Full).to_string();
        assert!(full.starts_with(EXAMPLES), "{full}");
        let joined = EXAMPLES.replace("\\\n", " ");
        let typed = joined.lines().filter_map(|line| line.trim().strip_prefix("workos-preflight"));
        let mut carried_out = 0;
        for line in typed {
            Cli::try_parse_from(["workos-preflight"].into_iter().chain(line.split_whitespace())).unwrap();
            carried_out += 1;
        }
        assert_eq!(carried_out, 4);
    }

    #[test]
    fn both_flags_are_answered_wherever_they_stand_with_the_help_of_the_command() {
        for (typed, starts) in [
            (&["-h"][..], "Will an on-prem"),
            (&["--help"], "Examples:"),
            (&["listen", "-h"], "Stand at the webhook URL:"),
            (&["probe", "--help"], "Look at the installation"),
            (&["check", "--domain", "a.example", "-h"], "Run the checks"),
            (&["-qh"], "Will an on-prem"),
        ] {
            let error = Cli::try_parse_from([&["workos-preflight"], typed].concat()).unwrap_err();
            let help = asked_for(&error).unwrap_or_else(|| panic!("{typed:?}: {error}")).to_string();
            assert!(help.starts_with(starts) && !error.use_stderr(), "{typed:?}: {help}");
        }
        let error = Cli::try_parse_from(["workos-preflight", "--domain", "--help"]).unwrap_err();
        assert!(asked_for(&error).is_none());
    }

    #[test]
    fn a_command_shows_only_the_settings_that_make_a_difference_to_it() {
        let whole = whole();
        let shown = |command: &str, length| help(whole.find_subcommand(command).unwrap(), length).to_string();
        for (command, flags) in [
            ("listen", &["--samples", "--domain", "--client-id", "--send-signed", "--deadline"][..]),
            ("requirements", &["--samples", "--client-id", "--api-key-file", "--timeout", "--redirect-uri"]),
            ("plan", &["--timeout", "--retries", "--deadline"]),
            ("demo", &["--domain", "--client-id", "--api-key-file", "--config"]),
        ] {
            for flag in flags {
                assert!(!shown(command, Length::Full).contains(&format!("{flag} ")), "{command} {flag}");
                assert!(!shown(command, Length::Short).contains(&format!("{flag} ")), "{command} {flag}");
            }
        }
    }
}
