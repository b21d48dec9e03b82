//! The command line, declared once. What was typed becomes a layer of settings and the choices of a run.

#![allow(clippy::doc_markdown, reason = "the comments of arguments are the help that people read")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::reporters::Format;
use crate::settings::{Layer, Source};

/// Tells whether this network, this configuration and this firewall will let an application use `WorkOS`.
#[derive(Parser, Debug)]
#[command(
    name = "workos-preflight",
    version,
    about = "Tells whether this network, this configuration and this firewall will let an on-prem application use WorkOS, and if not, what to change and who has to change it.",
    after_help = "Without a command, `check` runs. Without any setting, it answers whether this host reaches WorkOS.\n\
                  Exit codes: 0 ready, 1 something required failed, 2 the command could not be carried out, 3 something required is \
                  unknown, 4 only warnings (with --fail-on warn), 70 a defect in the tool, 130 interrupted.",
    args_conflicts_with_subcommands = true,
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
    /// Print a check's manual page, or what a finding's code means; without an argument, the list
    Explain(ExplainArgs),
    /// Run the real checks against an embedded WorkOS and customer site on loopback
    Demo(DemoArgs),
    /// Print the JSON Schema of the report or of the settings file
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
    /// The settings file.
    Config,
}

/// What the user asks for.
#[derive(Args, Default, Debug)]
pub struct SettingsArgs {
    /// The settings file [default: ./preflight.toml, else $XDG_CONFIG_HOME/workos-preflight/preflight.toml]
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// How the deployment reaches WorkOS: firewall, events [default: firewall] [env: PREFLIGHT_STRATEGY]
    #[arg(long, value_name = "NAME", help_heading = "Settings")]
    strategy: Option<String>,
    /// A file of facts in place of the embedded one
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    facts: Option<String>,

    /// A file that holds the API key; `-` reads standard input [env: WORKOS_API_KEY holds the key itself]
    #[arg(long, value_name = "FILE", help_heading = "WorkOS")]
    api_key_file: Option<String>,
    /// The client ID of the environment [env: WORKOS_CLIENT_ID]
    #[arg(long, value_name = "ID", help_heading = "WorkOS")]
    client_id: Option<String>,
    /// The API's base URL, where a custom Authentication API domain is used [env: WORKOS_BASE_URL]
    #[arg(long, value_name = "URL", help_heading = "WorkOS")]
    api_url: Option<String>,
    /// The environment the key should be of: production, staging [default: production] [env: PREFLIGHT_ENVIRONMENT]
    #[arg(long, value_name = "NAME", help_heading = "WorkOS")]
    environment: Option<String>,
    /// An organization that this installation serves, org_… (repeatable)
    #[arg(long, value_name = "ID", help_heading = "WorkOS")]
    organization: Vec<String>,

    /// The external domain name of the installation [env: PREFLIGHT_DOMAIN]
    #[arg(long, value_name = "NAME", help_heading = "The installation")]
    domain: Option<String>,
    /// A public address that the domain should have (repeatable)
    #[arg(long, value_name = "ADDRESS", help_heading = "The installation")]
    address: Vec<String>,
    /// A redirect URI that the application uses (repeatable) [env: WORKOS_REDIRECT_URI]
    #[arg(long, value_name = "URI", help_heading = "The installation")]
    redirect_uri: Vec<String>,
    /// The URL that WorkOS delivers webhooks to
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    webhook_url: Option<String>,
    /// A file that holds the webhook secret [env: WORKOS_WEBHOOK_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE", help_heading = "The installation")]
    webhook_secret_file: Option<String>,
    /// The URL that WorkOS sends Actions to
    #[arg(long, value_name = "URL", help_heading = "The installation")]
    actions_url: Option<String>,
    /// A file that holds the Actions secret [env: WORKOS_ACTIONS_SECRET holds the secret itself]
    #[arg(long, value_name = "FILE", help_heading = "The installation")]
    actions_secret_file: Option<String>,

    /// The forward proxy, http://[USER:PASSWORD@]HOST:PORT [env: HTTPS_PROXY, ALL_PROXY]
    #[arg(long, value_name = "URL", help_heading = "The network")]
    proxy: Option<String>,
    /// Hosts, suffixes and ranges that the proxy is not used for [env: NO_PROXY]
    #[arg(long, value_name = "LIST", help_heading = "The network")]
    no_proxy: Option<String>,
    /// Use no proxy, whatever the environment says
    #[arg(long, conflicts_with = "proxy", help_heading = "The network")]
    direct: bool,
    /// A PEM file of CAs trusted besides the system's
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    ca_bundle: Option<String>,
    /// A PEM file of what counts as a public root [default: Mozilla's list]
    #[arg(long, value_name = "FILE", help_heading = "The network")]
    public_roots: Option<String>,
    /// The DNS server to ask in place of the system's
    #[arg(long, value_name = "ADDRESS", help_heading = "The network")]
    resolver: Option<String>,
    /// The public view: a DNS over HTTPS URL, an address, or `none` [default: cloudflare-dns.com]
    #[arg(long, value_name = "URL|ADDRESS|none", help_heading = "The network")]
    public_resolver: Option<String>,
    /// Use IPv4 only
    #[arg(short = '4', conflicts_with = "six", help_heading = "The network")]
    four: bool,
    /// Use IPv6 only
    #[arg(short = '6', help_heading = "The network")]
    six: bool,
    /// Another host that the application's server needs, HOST[:PORT] (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "The network")]
    endpoint: Vec<String>,
    /// How long one attempt may take [default: 5s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    timeout: Option<String>,
    /// How often an attempt is repeated after a transient failure [default: 1]
    #[arg(long, value_name = "N", help_heading = "The network")]
    retries: Option<String>,
    /// How long the whole run may take [default: 60s]
    #[arg(long, value_name = "TIME", help_heading = "The network")]
    deadline: Option<String>,

    /// Try an address in every published range, to tell a rule that holds only today's addresses
    #[arg(long, help_heading = "Deeper looks")]
    deep: bool,
    /// Ask the token endpoint whether key and client ID belong together; may leave a failed sign-in in WorkOS's log
    #[arg(long, help_heading = "Deeper looks")]
    probe_pair: bool,
    /// How many requests are made to see how steady the way is [default: 5]
    #[arg(long, value_name = "N", help_heading = "Deeper looks")]
    samples: Option<String>,
    /// Look at the hosts that browsers of users and admins need (run it from a desktop)
    #[arg(long, help_heading = "Deeper looks")]
    browser_hosts: bool,
    /// A host of the hosted login, such as NAME.authkit.app, looked at with the browser hosts (repeatable)
    #[arg(long, value_name = "HOST", help_heading = "Deeper looks")]
    authkit_domain: Vec<String>,
}

impl SettingsArgs {
    /// What was typed, as a layer of settings.
    pub fn layer(&self) -> Layer {
        let family = if self.four { Some(("-4", "4")) } else { self.six.then_some(("-6", "6")) };
        let one = |value: &Option<String>| value.clone().into_iter().collect::<Vec<_>>();
        let mut layer = Layer::default();
        for (name, flag, values) in [
            ("strategy", "--strategy", one(&self.strategy)),
            ("facts", "--facts", one(&self.facts)),
            ("workos.api_key_file", "--api-key-file", one(&self.api_key_file)),
            ("workos.client_id", "--client-id", one(&self.client_id)),
            ("workos.api_url", "--api-url", one(&self.api_url)),
            ("workos.environment", "--environment", one(&self.environment)),
            ("workos.organizations", "--organization", self.organization.clone()),
            ("installation.domain", "--domain", one(&self.domain)),
            ("installation.addresses", "--address", self.address.clone()),
            ("installation.redirect_uris", "--redirect-uri", self.redirect_uri.clone()),
            ("installation.webhook_url", "--webhook-url", one(&self.webhook_url)),
            ("installation.webhook_secret_file", "--webhook-secret-file", one(&self.webhook_secret_file)),
            ("installation.actions_url", "--actions-url", one(&self.actions_url)),
            ("installation.actions_secret_file", "--actions-secret-file", one(&self.actions_secret_file)),
            ("network.proxy", "--proxy", one(&self.proxy)),
            ("network.no_proxy", "--no-proxy", one(&self.no_proxy)),
            ("network.direct", "--direct", one(&self.direct.then(|| "true".to_owned()))),
            ("network.ca_bundle", "--ca-bundle", one(&self.ca_bundle)),
            ("network.public_roots", "--public-roots", one(&self.public_roots)),
            ("network.resolver", "--resolver", one(&self.resolver)),
            ("network.public_resolver", "--public-resolver", one(&self.public_resolver)),
            (
                "network.family",
                family.map_or("-4", |(flag, _)| flag),
                one(&family.map(|(_, family)| family.to_owned())),
            ),
            ("network.endpoints", "--endpoint", self.endpoint.clone()),
            ("network.timeout", "--timeout", one(&self.timeout)),
            ("network.retries", "--retries", one(&self.retries)),
            ("network.deadline", "--deadline", one(&self.deadline)),
            ("checks.deep", "--deep", one(&self.deep.then(|| "true".to_owned()))),
            ("checks.probe_pair", "--probe-pair", one(&self.probe_pair.then(|| "true".to_owned()))),
            ("checks.samples", "--samples", one(&self.samples)),
            ("checks.browser_hosts", "--browser-hosts", one(&self.browser_hosts.then(|| "true".to_owned()))),
            ("checks.authkit_domains", "--authkit-domain", self.authkit_domain.clone()),
        ] {
            layer.give(name, values, Source::Flag(flag));
        }
        layer
    }
}

/// Which checks.
#[derive(Args, Default, Debug)]
pub struct ChoiceArgs {
    /// Only this check or group, and what it needs (repeatable)
    #[arg(long, value_name = "ID|GROUP", help_heading = "Which checks")]
    pub only: Vec<String>,
    /// Leave out this check or group; the reason goes into the report (repeatable)
    #[arg(long, value_name = "ID|GROUP[=REASON]", help_heading = "Which checks")]
    pub skip: Vec<String>,
}

/// Where the report goes, and what the exit code says.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// The report's format: human, json, junit
    #[arg(long, value_name = "FORMAT", default_value = "human", help_heading = "Output")]
    pub format: Format,
    /// Write that format to a file; the terminal still gets the human report
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Write the report in another format to a file besides (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file, help_heading = "Output")]
    pub report: Vec<(Format, PathBuf)>,
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

fn format_and_file(text: &str) -> Result<(Format, PathBuf), String> {
    let (format, file) =
        text.split_once('=').ok_or_else(|| "FORMAT=FILE is wanted, such as `junit=report.xml`".to_owned())?;
    if file.is_empty() {
        return Err("the file's name is missing after `=`".to_owned());
    }
    Ok((format.parse()?, PathBuf::from(file)))
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
                flag @ ("--deep" | "--browser-hosts" | "--probe-pair") => typed.push(flag.to_owned()),
                flag => typed.extend([flag.to_owned(), "x".to_owned()]),
            }
        }
        let layer = Cli::parse_from(typed).check.settings.layer();

        for setting in SETTINGS.iter().filter(|setting| setting.name != "network.direct") {
            assert!(layer.of(setting.name).is_some(), "{} is not given by {:?}", setting.name, setting.flag);
        }
    }
}
