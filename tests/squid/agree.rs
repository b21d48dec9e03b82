//! What is said of a configuration and what squid does, side by side.

use std::collections::BTreeMap;
use std::env;

use workos_preflight::facts::Facts;
use workos_preflight::firewall::addresses::networks;
use workos_preflight::firewall::dialects::{Input, Request, Scope, dialect};
use workos_preflight::firewall::evaluate::{Peer, Question as Asked, TCP, Verdict, ask};
use workos_preflight::firewall::rules::{Rules, Way};
use workos_preflight::firewall::{Direction, flows};
use workos_preflight::settings::{GivenSecrets, Settings};

use crate::chance::Chance;
use crate::proxy::{CLIENTS, Files, HOSTS, PORTS, Squid};
use crate::sets::configuration;
use crate::trial::Question;

/// The configurations are asked in parts, side by side.
const PARTS: usize = 2;

pub(crate) fn all() -> Vec<Question> {
    let mut all: Vec<Question> = (1..=PARTS)
        .map(|part| Question {
            title: format!("a CONNECT is let through exactly where that was said, {part} of {PARTS}"),
            ask: Box::new(move || agrees(part)),
        })
        .collect();
    all.push(Question {
        title: "what is generated is taken by squid and lets its hosts pass and no others".to_owned(),
        ask: Box::new(generated),
    });
    all
}

/// How many configurations a part has.
fn sets() -> usize {
    let required = env::var_os("NETLAB_REQUIRED").is_some_and(|value| value == "1");
    let sets =
        env::var("SQUID_SETS").ok().and_then(|sets| sets.parse().ok()).unwrap_or(if required { 160 } else { 40 });
    usize::div_ceil(sets, PARTS)
}

fn seed() -> u64 {
    env::var("SQUID_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_128)
}

fn read(files: &[(String, String)]) -> Rules {
    let reads = dialect("squid").unwrap().reads.as_ref().unwrap();
    let inputs: Vec<Input> =
        files.iter().map(|(name, text)| Input { name: name.clone(), text: text.clone() }).collect();
    (reads.read)(&inputs, &Scope::default()).unwrap()
}

fn said(rules: &Rules, client: &str, host: &str, address: &str, port: u16) -> Verdict {
    let net = |address: &str| networks(&[address.parse::<std::net::IpAddr>().unwrap().into()]);
    let asked = Asked {
        way: Way::Out,
        peers: net(address),
        peer: Peer::Destination,
        here: Some(net(client)),
        protocol: TCP,
        port,
        from: None,
        to: None,
        host: Some(host),
    };
    let parts = ask(rules, &asked);
    assert_eq!(parts.len(), 1);
    parts[0].verdict
}

/// What somebody reads in place of a configuration.
type Mistake = fn(&str) -> String;

/// Readings with a mistake in them, each of which has to be found out.
const MISTAKES: [(&str, Mistake); 6] = [
    ("the last line that matches decides", reversed),
    ("`!` is not seen", |text| text.replace(" !", " ")),
    ("a second line of an ACL is not seen", |text| only(text, |line| !line.starts_with("acl ACL"))),
    ("what no line answers is denied", |text| format!("{text}http_access deny all\n")),
    ("a domain is only itself", |text| text.replace(" .", " ")),
    ("conditions are not seen", |text| {
        only(text, |line| !["if ", "else", "endif"].iter().any(|word| line.starts_with(word)))
    }),
];

fn only(text: &str, keeps: fn(&str) -> bool) -> String {
    lines(text.lines().filter(|line| keeps(line)))
}

fn reversed(text: &str) -> String {
    let (mut access, others): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with("http_access"));
    access.reverse();
    lines(others.into_iter().chain(access))
}

fn lines<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.flat_map(|line| [line, "\n"]).collect()
}

/// The same configuration as somebody reads it who makes this mistake.
fn mistaken(files: &[(String, String)], mistake: Mistake) -> Vec<(String, String)> {
    let mut files = files.to_vec();
    files[0].1 = mistake(&files[0].1);
    files
}

fn agrees(part: usize) -> Result<(), String> {
    let mut chance = Chance::of(seed(), &format!("part {part}"));
    let (mut sure, mut unsure) = (0, 0);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for set in 0..sets() {
        let files = configuration(&mut chance);
        let rules = read(&files);
        let whole = || -> String {
            files
                .iter()
                .flat_map(|(name, text)| {
                    [
                        "--- ", name, "
", text,
                    ]
                })
                .collect()
        };
        let Some(squid) = Squid::start(&Files(&files), &format!("trial{set}")) else {
            if rules.understood() {
                return Err(format!("squid does not start with what was understood:\n{}", whole()));
            }
            continue;
        };
        let others: Vec<(&str, Rules)> =
            MISTAKES.iter().map(|(name, it)| (*name, read(&mistaken(&files, *it)))).collect();
        for (host, address) in HOSTS {
            for port in PORTS {
                for client in CLIENTS {
                    let lets = squid.lets(client, host, port)?;
                    let real = if lets { Verdict::Allowed } else { Verdict::Denied };
                    match said(&rules, client, host, address, port) {
                        Verdict::Unsure => unsure += 1,
                        verdict if verdict == real => sure += 1,
                        verdict => {
                            let asked = format!("{client} -> {host} ({address}):{port}");
                            return Err(format!("{asked}: said {verdict:?}, and squid: {real:?}\n{}", whole()));
                        }
                    }
                    for (name, rules) in &others {
                        let verdict = said(rules, client, host, address, port);
                        *found.entry(name).or_default() += usize::from(verdict != Verdict::Unsure && verdict != real);
                    }
                }
            }
        }
    }
    if sure < 2 * unsure {
        return Err(format!("only {sure} answers were certain, and {unsure} were not"));
    }
    match found.iter().find(|(_, times)| **times == 0) {
        Some((mistake, _)) => Err(format!("nobody would find out that {mistake}")),
        None => Ok(()),
    }
}

/// The hosts of the sheet are in no network here: whether squid lets a client try is all that is asked.
fn generated() -> Result<(), String> {
    let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).map_err(|error| format!("{error:?}"))?;
    let flows = flows(&Facts::embedded(), &settings, &[]);
    let dialect = dialect("squid").unwrap();
    let written =
        (dialect.writes.unwrap())(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });
    let deny = written.default_deny.unwrap();
    let files = vec![("squid.conf".to_owned(), format!("{}{deny}", written.rules))];
    Squid::parses(&Files(&files)).map_err(|says| format!("{says}\n{}", written.rules))?;

    // Names that lead nowhere are answered late; those that are denied at once.
    let squid = Squid::start(&Files(&files), "generated").ok_or("squid does not start with it")?;
    let (host, _) = HOSTS[0];
    if squid.lets(CLIENTS[0], host, 443)? {
        return Err(format!("{host} is none of them"));
    }
    let rules = read(&files);
    for flow in flows.iter().filter(|flow| flow.direction == Direction::Egress && flow.port == 443) {
        for host in &flow.destination.hosts {
            let host = host.replace('*', "any");
            if said(&rules, CLIENTS[0], &host, "10.1.0.1", 443) != Verdict::Allowed {
                return Err(format!("{host} is said not to pass\n{}", written.rules));
            }
        }
    }
    drop(squid);
    // The same names, where they lead somewhere.
    let own: Vec<(String, String)> =
        vec![("squid.conf".to_owned(), format!("{}{deny}", written.rules.replace("api.workos.com", "a.example")))];
    let squid = Squid::start(&Files(&own), "own").ok_or("squid does not start with it")?;
    for (host, port, passes) in [("a.example", 443, true), ("a.example", 80, false), ("sub.a.example", 443, false)] {
        if squid.lets(CLIENTS[0], host, port)? != passes {
            return Err(format!("{host}:{port} should pass: {passes}\n{}", own[0].1));
        }
    }
    Ok(())
}
