//! A scenario as data: the world, what the binary is told, and what must come of it.

use std::net::{IpAddr, Ipv4Addr};

use workos_preflight::report::v1::{Report, Verdict, Who};
use workos_preflight::settings::{self, Shape};
use workos_preflight::simulator::{Fault, World};

use crate::addresses::HOST;
use crate::play::Seen;

/// Where the binary runs: a directory of the namespace.
pub(crate) const WORKPLACE: &str = "/etc/lab";
/// What counts as a public root there.
pub(crate) const PUBLIC_ROOTS: &str = "/etc/lab/public-roots.pem";
/// What the world's machine trusts, where its own store is left bare.
pub(crate) const TRUSTED: &str = "/etc/lab/trusted.pem";
/// The same report in the other formats, and where it goes.
pub(crate) const REPORTS: [(&str, &str); 2] = [("human", "/etc/lab/report.txt"), ("junit", "/etc/lab/report.xml")];

/// One network and one run of the binary in it.
pub(crate) struct Scenario {
    /// A sentence that holds when the trial passes.
    pub(crate) title: String,
    /// What is played.
    pub(crate) world: World,
    /// The address of the machine that the binary runs on.
    pub(crate) host: Ipv4Addr,
    /// Whether the run is given the world's settings and secrets.
    pub(crate) configured: bool,
    /// More lines of `/etc/hosts`.
    pub(crate) hosts: &'static str,
    /// Resolvers before the world's, at addresses that are dropped.
    pub(crate) dead_resolvers: Vec<IpAddr>,
    /// The `options` line of the resolver's file, if it has one.
    pub(crate) resolver_options: &'static str,
    /// Whether the resolver's file is empty.
    pub(crate) no_resolver: bool,
    /// Whether the system's store lacks the customer's own CA even where the world trusts it.
    pub(crate) bare_store: bool,
    /// How many packets of a hundred are lost; this needs `nft`.
    pub(crate) loss: u8,
    /// The command.
    pub(crate) command: &'static str,
    /// How long one attempt may take.
    pub(crate) timeout: &'static str,
    /// More arguments.
    pub(crate) arguments: Vec<String>,
    /// More environment variables.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// What must come of it.
    pub(crate) expect: Expect,
}

/// What no table can say of a run: the complaint if it does not hold.
pub(crate) type Also = fn(&Report, &Seen) -> Option<String>;

/// What must come of a run.
#[derive(Clone, Default)]
pub(crate) struct Expect {
    /// Findings, as `check-id/code`; the first is the first thing that is wrong.
    pub(crate) codes: Vec<&'static str>,
    /// How it ends; where nothing is said, only that exit code, verdict and rows agree.
    pub(crate) verdict: Option<Verdict>,
    /// What the first of `codes` says.
    pub(crate) words: Option<&'static Words>,
    /// Texts that must not be printed, besides the key and the webhook secret.
    pub(crate) secrets: Vec<&'static str>,
    /// What no table can say.
    pub(crate) also: Vec<Also>,
}

impl Expect {
    pub(crate) fn and(mut self, also: Also) -> Self {
        self.also.push(also);
        self
    }
}

/// What a finding must say, so that somebody can act on it.
pub(crate) struct Words {
    /// The fault that it is about.
    pub(crate) fault: &'static str,
    /// Who has to act.
    pub(crate) who: Who,
    /// Stand in the problem.
    pub(crate) problem: &'static [&'static str],
    /// Stand in the remediation's action.
    pub(crate) action: &'static [&'static str],
}

impl Scenario {
    /// A check of this world with everything it knows to be configured.
    pub(crate) fn new(title: &str, world: World) -> Self {
        Self {
            title: format!("lab: {title}"),
            world,
            host: HOST,
            configured: true,
            hosts: "",
            dead_resolvers: Vec::new(),
            resolver_options: "",
            no_resolver: false,
            bare_store: false,
            loss: 0,
            command: "check",
            timeout: "1s",
            arguments: Vec::new(),
            variables: Vec::new(),
            expect: Expect::default(),
        }
    }

    /// A look at this world's installation from outside, with everything that the world knows of it.
    pub(crate) fn from_outside(title: &str, world: World) -> Self {
        Self { command: "probe", ..Self::new(&format!("from outside, {title}"), world) }
    }

    /// The healthy world with one fault.
    pub(crate) fn of(fault: &Fault, words: Option<&'static Words>) -> Self {
        let title = match fault.expect {
            [] => format!("{} leaves the verdict at ready", fault.name),
            codes => format!("{} is found as {}", fault.name, codes.join(", ")),
        };
        let verdict = fault.expect.is_empty().then_some(Verdict::Ready);
        Self::new(&title, fault.world()).expecting(Expect {
            codes: fault.expect.to_vec(),
            verdict,
            words,
            ..Expect::default()
        })
    }

    pub(crate) fn expecting(self, expect: Expect) -> Self {
        Self { expect, ..self }
    }

    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub(crate) fn with_variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn without_system_resolver(self) -> Self {
        Self { no_resolver: true, ..self }
    }

    pub(crate) fn with_a_bare_store(self) -> Self {
        Self { bare_store: true, ..self }
    }

    /// What is typed. The resolver is left to the system's file, which is what applications use.
    pub(crate) fn typed(&self) -> Vec<String> {
        let mut typed = [self.command, "--format", "json"].map(str::to_owned).to_vec();
        // A world in which answers are late gives its own patience.
        if !(self.configured && self.world.settings.iter().any(|(name, _)| *name == "network.timeout")) {
            typed.extend(["--timeout", self.timeout].map(str::to_owned));
        }
        typed.extend(REPORTS.iter().flat_map(|(format, path)| ["--report".to_owned(), format!("{format}={path}")]));
        typed.extend(self.arguments.iter().cloned());
        if self.command == "probe" {
            typed.extend(["--public-roots", PUBLIC_ROOTS].map(str::to_owned));
            for (name, value) in &self.world.settings {
                match *name {
                    "installation.webhook_url" => typed.push(value.clone()),
                    "installation.actions_url" => typed.extend(["--actions-url".to_owned(), value.clone()]),
                    "installation.redirect_uris" => typed.extend(["--redirect-uri".to_owned(), value.clone()]),
                    _ => {}
                }
            }
        } else if self.configured {
            typed.extend(["--public-roots", PUBLIC_ROOTS].map(str::to_owned));
            for (name, value) in self.world.settings.iter().filter(|(name, _)| *name != "network.resolver") {
                // A setting that there is none of would make the world another than it is meant to be.
                let setting = settings::declared(name).unwrap();
                typed.push(setting.flags());
                if setting.shape != Shape::Switch {
                    typed.push(value.clone());
                }
            }
        }
        typed
    }

    /// The whole environment.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = self.variables.clone();
        if self.configured {
            variables.push(("WORKOS_API_KEY", self.world.api_key.clone()));
            variables.push(("WORKOS_WEBHOOK_SECRET", self.world.webhook_secret.clone()));
            variables.push(("WORKOS_ACTIONS_SECRET", self.world.actions_secret.clone()));
        }
        variables
    }
}
